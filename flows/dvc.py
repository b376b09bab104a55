"""DVC's command line, in processes that run one command after another.

To load DVC takes longer than what it does for a stage, and on a busy machine several times as long.
So a process that has run a command is kept for the next one; there are as many as commands that
ran at once.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Self

from flows.commands import Commands, Finished, follow
from flows.dvc_process import END
from flows.guard import INTERRUPTED
from flows.time_limits import limiting_time
from lienet.errors import ToolError

_PROCESS = (sys.executable, "-P", str(Path(__file__).with_name("dvc_process.py")))


@dataclass(frozen=True)
class _Process:
    popen: subprocess.Popen[bytes]
    was_kept: bool
    """Whether it has run a command before."""


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
        finished = None
        while finished is None:
            finished = self._try(self._take(), words, on_line, timeout_s)
        return finished

    def _try(
        self,
        process: _Process,
        words: Sequence[str],
        on_line: Callable[[str], None],
        timeout_s: float | None,
    ) -> Finished | None:
        """Run a command in a process; None if that had died while it was kept."""
        popen = process.popen
        assert popen.stdin is not None
        try:
            with suppress(BrokenPipeError):  # a process that is stopped tells by its exit code
                popen.stdin.write(json.dumps(["--wait-for-lock", *words]).encode() + b"\n")
                popen.stdin.flush()
            limit = limiting_time(timeout_s, partial(self._commands.cut, popen))
            with self._commands.working(f"dvc {' '.join(words)}"), limit as is_over:
                lines, code = follow(
                    popen, lambda line: None if is_over.is_set() else on_line(line), end=END
                )
        except BaseException:
            self._commands.end(popen)
            raise
        if code is None or is_over.is_set():
            exit_code = self._commands.end(popen)
            is_cut = is_over.is_set() or self._commands.is_stopped
            if process.was_kept and not lines and not is_cut:
                return None  # the guard of a DVC that was killed lives a moment longer
            return Finished(exit_code, lines, is_over.is_set())
        self._idle.append(popen)
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

    def _take(self) -> _Process:
        """Return a process that is idle and alive, or a new one."""
        while True:
            try:
                popen = self._idle.pop()
            except IndexError:  # asking first whether one is there would leave time to lose it
                popen = self._commands.start(_PROCESS, stdin=subprocess.PIPE)
                return _Process(popen, was_kept=False)
            if popen.poll() is None:
                return _Process(popen, was_kept=True)
            self._commands.end(popen)
