"""A DVC that has started and waits to be told what to do, so that a stage need not wait for it.

``python -P ready.py`` is a process of its own, started by ``flows.commands`` under the guard. One
line of standard input, arguments as JSON, makes it what ``dvc ARGUMENTS`` would be; the end of the
input, or an interrupt, ends it. ``python -P ready.py JSON…`` runs several commands at once, one
after the other until one fails, with a line between what they print.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable
from importlib import import_module
from importlib.metadata import entry_points
from pathlib import Path

BETWEEN = "---- the next command ----"
_IMPORTED_LATE = ("dvc.commands.repro", "dvc.repo.reproduce")
"""By DVC, only when it is asked to reproduce something."""


def main(lines: list[str]) -> int:
    """Load DVC's command and run it with each line's arguments; return its exit code."""
    try:
        (command,) = entry_points(group="console_scripts", name="dvc")
        run_dvc: Callable[[list[str]], int] = command.load()
        if not lines:
            for name in _IMPORTED_LATE:
                import_module(name)
            lines = [sys.stdin.readline()]
    except KeyboardInterrupt:
        return 130
    with Path(os.devnull).open("rb") as nothing:
        os.dup2(nothing.fileno(), sys.stdin.fileno())
    code = 0
    for number, line in enumerate(filter(None, lines)):
        if number > 0:
            sys.stdout.write(f"{BETWEEN}\n")
        sys.argv = ["dvc", *json.loads(line)]
        try:
            code = run_dvc(sys.argv[1:])
        except SystemExit as end:  # from the options that print and are done
            code = int(end.code or 0)
        if code != 0:
            break
    return code


if __name__ == "__main__":
    exit_code = main(sys.argv[1:])
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(exit_code)  # all is written: taking down what was imported would only take time
