"""DVC's command line, in processes that run one command after another.

To load DVC takes longer than what it does for a stage, and on a busy machine several times as long.
So a process that has run a command is kept for the next one; there are as many as commands that
ran at once.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Self

from flows.commands import Commands, Finished, follow
from flows.dvc_process import END
from flows.guard import INTERRUPTED
from flows.time_limits import limiting_time
from lienet.errors import ToolError

_PROCESS = (sys.executable, "-P", str(Path(__file__).with_name("dvc_process.py")))


class Dvc:
    """Runs DVC's commands in a workspace, from any thread; as a context, ends its processes.

    Args:
        commands: starts the processes, and ends them when it is stopped.
    """

    def __init__(self, commands: Commands) -> None:
        self.root = commands.root
        self._commands = commands
        self._idle: list[subprocess.Popen[bytes]] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for process in self._idle:
            self._commands.end(process)

    def run(
        self,
        *words: str,
        on_line: Callable[[str], None] = lambda line: None,
        timeout_s: float | None = None,
    ) -> Finished:
        """Run ``dvc WORDS`` to its end; ``on_line`` sees each line of its output as it comes.

        A command waits for DVC's lock, and so keeps the work of a stage that ends while another
        command holds it. After the timeout, if there is one, it is ended, and what it still says
        to that is not passed on.
        """
        process = self._take()
        assert process.stdin is not None
        try:
            with suppress(BrokenPipeError):  # a process that is stopped tells by its exit code
                process.stdin.write(json.dumps(["--wait-for-lock", *words]).encode() + b"\n")
                process.stdin.flush()
            limit = limiting_time(timeout_s, partial(self._commands.cut, process))
            with self._commands.working(f"dvc {' '.join(words)}"), limit as is_over:
                lines, code = follow(
                    process, lambda line: None if is_over.is_set() else on_line(line), end=END
                )
        except BaseException:
            self._commands.end(process)
            raise
        if code is None or is_over.is_set():
            return Finished(self._commands.end(process), lines, is_over.is_set())
        self._idle.append(process)
        return Finished(INTERRUPTED if self._commands.is_stopped else int(code), lines)

    def ask(self, *words: str) -> str:
        """Return all that a command prints, if it succeeds.

        Raises:
            ToolError: it fails; its last lines say why.
        """
        lines: list[str] = []
        finished = self.run(*words, on_line=lines.append)
        if finished.code != 0:
            last = " ".join(finished.lines[-5:])
            raise ToolError(f"dvc {' '.join(words[:2])} failed: {last}")
        return "\n".join(lines)

    def _take(self) -> subprocess.Popen[bytes]:
        """Return a process that is idle and alive, or a new one."""
        while True:
            try:
                process = self._idle.pop()
            except IndexError:  # asking first whether one is there would leave time to lose it
                return self._commands.start(_PROCESS, stdin=subprocess.PIPE)
            if process.poll() is None:
                return process
            self._commands.end(process)
