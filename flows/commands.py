"""Runs outside commands for the flows: no shell, output line by line, ended as a whole group.

Every command goes through ``flows.guard``, so none outlives this process. What a command prints is
rid of credentials before anybody else sees it.
"""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from flows.guard import INTERRUPTED
from flows.redaction import hide_secrets
from lienet.errors import ToolError

_GUARD = Path(__file__).with_name("guard.py")
_NUM_LAST_LINES = 40
_MAX_LINE_CHARS = 2000


@dataclass(frozen=True)
class Finished:
    """How a command ended: its exit code and its last lines, without credentials."""

    code: int
    lines: tuple[str, ...]
    is_timed_out: bool = False
    """Whether it was ended because it took too long."""

    @property
    def is_interrupted(self) -> bool:
        """Whether it was ended from here."""
        return self.code == INTERRUPTED


class Commands:
    """Runs commands in a workspace, from any thread, until it is stopped.

    Args:
        root: the workspace, every command's working directory.
        grace_s: what a command is given to end by itself.
        lock_fd: a file descriptor that each guard keeps open until its command has ended.
        environment: added to this process's own.
    """

    def __init__(
        self,
        root: Path,
        *,
        grace_s: float,
        lock_fd: int | None = None,
        environment: Mapping[str, str] | None = None,
    ) -> None:
        self.root = root
        self._grace_s = grace_s
        self._lock_fds = () if lock_fd is None else (lock_fd,)
        self._environment = dict(environment or {})
        self._pipes: dict[int, int] = {}
        self._pipes_lock = threading.Lock()
        self._at_work: list[str] = []
        self.is_stopped = False

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    @property
    def at_work(self) -> tuple[str, ...]:
        """What runs at the moment."""
        return tuple(self._at_work)

    def run(
        self, command: Sequence[str], on_line: Callable[[str], None] = lambda line: None
    ) -> Finished:
        """Run a command to its end; ``on_line`` sees each line of its output as it comes.

        Raises:
            ToolError: there is no such program.
        """
        process = self.start(command)
        try:
            with self.working(" ".join(command)):
                lines, _ = follow(process, on_line)
            code = process.wait()
        finally:
            self.end(process)
        if code == 127:
            raise ToolError(f"{command[0]} cannot be run", remedy="run make setup")
        return Finished(code, lines)

    @contextmanager
    def working(self, what: str) -> Iterator[None]:
        """Count something as at work during the body."""
        self._at_work.append(what)
        try:
            yield
        finally:
            self._at_work.remove(what)

    def stop(self) -> None:
        """End every running command and refuse new ones; returns before they have ended."""
        with self._pipes_lock:
            self.is_stopped = True
            for pipe in self._pipes.values():
                os.close(pipe)
            self._pipes.clear()

    def start(
        self, command: Sequence[str], *, stdin: int = subprocess.DEVNULL
    ) -> subprocess.Popen[bytes]:
        """Start a command under a guard, for ``follow`` and then ``end``."""
        beside = str(Path(sys.executable).parent)
        path = os.pathsep.join([beside, os.environ.get("PATH", os.defpath)])
        guard = (sys.executable, "-I", "-S", str(_GUARD))
        reading, writing = os.pipe()
        group_reading, group_writing = os.pipe()
        try:
            process = subprocess.Popen(
                [*guard, str(reading), str(group_writing), str(self._grace_s), *command],
                cwd=self.root,
                env={**os.environ, "PYTHONUNBUFFERED": "1", "PATH": path, **self._environment},
                stdin=stdin,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                pass_fds=(reading, group_writing, *self._lock_fds),
                start_new_session=True,
            )
        except BaseException:
            os.close(writing)
            os.close(group_reading)
            raise
        finally:
            os.close(reading)
            os.close(group_writing)
        threading.Thread(target=_outlive_guard, args=(process, group_reading), daemon=True).start()
        with self._pipes_lock:
            self._pipes[process.pid] = writing
        if self.is_stopped:
            self.cut(process)
        return process

    def end(self, process: subprocess.Popen[bytes]) -> int:
        """End a command if it has not ended; return its exit code."""
        self.cut(process)
        process.communicate()
        return process.returncode

    def cut(self, process: subprocess.Popen[bytes]) -> None:
        """Have a command's guard end it; returns before it has ended."""
        with self._pipes_lock:
            if (pipe := self._pipes.pop(process.pid, None)) is not None:
                os.close(pipe)


def follow(
    process: subprocess.Popen[bytes], on_line: Callable[[str], None], *, end: str | None = None
) -> tuple[tuple[str, ...], str | None]:
    """Pass on the lines of a process, without credentials, until its output ends.

    Args:
        process: started by ``Commands.start``.
        on_line: sees each line as it comes.
        end: what a line starts with that ends the output as well.

    Returns:
        The last lines, and what followed ``end``, or None if it did not come.
    """
    assert process.stdout is not None
    last: deque[str] = deque(maxlen=_NUM_LAST_LINES)
    for line in _split_lines(process.stdout):
        if end is not None and line.startswith(end):
            return tuple(last), line.removeprefix(end)
        shown = hide_secrets(line)
        last.append(shown[:_MAX_LINE_CHARS])
        on_line(shown)
    return tuple(last), None


def _outlive_guard(guard: subprocess.Popen[bytes], group_fd: int) -> None:
    """Kill what a guard was to end, if the guard itself is killed."""
    with os.fdopen(group_fd, "rb") as stream:
        with suppress(ChildProcessError):
            # Without taking the exit code, which others ask for.
            os.waitid(os.P_PID, guard.pid, os.WEXITED | os.WNOWAIT)
        if guard.wait() < 0 and (group := stream.read()):
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(int(group), signal.SIGKILL)


def _split_lines(stream: Iterable[bytes]) -> Iterator[str]:
    """Yield lines; a progress bar's returns end a line as well."""
    for chunk in stream:
        for line in re.split(r"[\r\n]+", chunk.decode("utf-8", errors="replace")):
            if line.strip():
                yield line.rstrip()
