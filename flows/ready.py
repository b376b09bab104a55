"""A DVC that has started and waits to be told what to do, so that a stage need not wait for it.

``python -P ready.py`` is a process of its own, started by ``flows.commands`` under the guard. One
line of standard input, arguments as JSON, makes it what ``dvc ARGUMENTS`` would be; the end of the
input, or an interrupt, ends it.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable
from importlib import import_module
from importlib.metadata import entry_points
from pathlib import Path

_IMPORTED_LATE = ("dvc.commands.repro", "dvc.repo.reproduce")
"""By DVC, only when it is asked to reproduce something."""


def main() -> int:
    """Load DVC's command, wait for the arguments, run; return its exit code."""
    try:
        (command,) = entry_points(group="console_scripts", name="dvc")
        run_dvc: Callable[[list[str]], int] = command.load()
        for name in _IMPORTED_LATE:
            import_module(name)
        line = sys.stdin.readline()
    except KeyboardInterrupt:
        return 130
    if not line:
        return 0
    with Path(os.devnull).open("rb") as nothing:
        os.dup2(nothing.fileno(), sys.stdin.fileno())
    sys.argv = ["dvc", *json.loads(line)]
    return run_dvc(sys.argv[1:])


if __name__ == "__main__":
    code = main()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)  # all is written: taking down what was imported would only take time
