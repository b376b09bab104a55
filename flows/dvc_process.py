"""DVC's command line in a process that runs one command after another.

``python -P dvc_process.py`` is started by ``flows.dvc``, under the guard. Each line of its input is
the JSON list of a command's words. The output of each ends with a line of ``END`` and the exit
code. The end of the input, or an interrupt, ends the process.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable
from importlib.metadata import entry_points

END = "---- end of a DVC command: "


def main() -> int:
    """Run commands until there are no more; return the exit code."""
    # The commands' own input is empty: what comes here is not for a stage to read.
    requests = os.fdopen(os.dup(sys.stdin.fileno()), encoding="utf-8")
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, sys.stdin.fileno())
    try:
        (script,) = entry_points(group="console_scripts", name="dvc")
        run_dvc = script.load()
        for line in requests:
            code = run(run_dvc, json.loads(line))
            sys.stderr.flush()
            sys.stdout.write(f"\n{END}{code}\n")
            sys.stdout.flush()
    except KeyboardInterrupt:
        return 130
    return 0


def run(run_dvc: Callable[[list[str]], int], words: list[str]) -> int:
    """Run DVC's command with its arguments; return its exit code."""
    sys.argv = ["dvc", *words]  # which DVC's locks name to others
    try:
        return int(run_dvc(words))
    except SystemExit as end:  # from the options that print and are done
        return int(end.code or 0)


if __name__ == "__main__":
    sys.exit(main())
