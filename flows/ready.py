"""A DVC that has started and waits to be told what to do, so that a stage need not wait for it.

``python -P ready.py`` is a process of its own, started by ``flows.commands`` under the guard. It
reads lines of JSON: a list of words is the last and makes it what ``dvc WORDS`` would be; a list of
such lists is several questions, answered one after the other, each with a line at its end, and the
first that fails is the last. The end of the input, or an interrupt, ends it.
"""

from __future__ import annotations

import json
import os
import sys
from contextlib import suppress
from importlib import import_module
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any

END = "---- the end of an answer ----"
_IMPORTED_LATE = (
    "dvc.cli.parser",
    "dvc.cachemgr",
    "dvc.data_cloud",
    "dvc.repo.artifacts",
    "dvc.repo.datasets",
    "dvc.repo.plots",
    "dvc.repo.reproduce",
    "dvc.repo.stage",
    "dvc.rwlock",
    "dvc.scm",
    "dvc.utils.strictyaml",
    "dvc_data.hashfile.status",
    "configobj",
    "platformdirs",
    "ruamel.yaml",
)
"""By DVC, only on its way to a stage, where they take twice the time of all else it does there."""
_LOCK_TIMEOUT_S = 0.6
"""DVC asks for its own lock six times in this time, and when told to wait goes on at that pace.
Its three seconds are for people; stages that start and end side by side meet there often."""


def main() -> int:
    """Load DVC's command and run it as the lines of standard input say; return its exit code."""
    try:
        (command,) = entry_points(group="console_scripts", name="dvc")
        run_dvc = command.load()
        for name in _IMPORTED_LATE:
            with suppress(ImportError):  # of another DVC: it only takes its time later
                import_module(name)
        vars(import_module("dvc.lock"))["DEFAULT_TIMEOUT"] = _LOCK_TIMEOUT_S
        for line in sys.stdin:
            asked = json.loads(line)
            if isinstance(asked[0], str):
                with Path(os.devnull).open("rb") as nothing:
                    os.dup2(nothing.fileno(), sys.stdin.fileno())
                return run(run_dvc, asked)
            for words in asked:
                if (code := run(run_dvc, words)) != 0:
                    return code
                sys.stdout.write(f"{END}\n")
                sys.stdout.flush()
    except KeyboardInterrupt:
        return 130
    return 0


def run(run_dvc: Any, words: list[str]) -> int:
    """Run DVC's command with its arguments; return its exit code."""
    sys.argv = ["dvc", *words]
    try:
        return int(run_dvc(words))
    except SystemExit as end:  # from the options that print and are done
        return int(end.code or 0)


if __name__ == "__main__":
    exit_code = main()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(exit_code)  # all is written: taking down what was imported would only take time
