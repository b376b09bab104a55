"""Runs outside commands for the flows: no shell, output line by line, ended as a whole group.

Every command goes through ``flows.guard``, so none outlives this process. What a command prints is
rid of credentials before anybody else sees it. A command of DVC's finds the next DVC started.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from flows.guard import INTERRUPTED
from flows.ready import END
from lienet.errors import ToolError

_GUARD = Path(__file__).with_name("guard.py")
_READY = (sys.executable, "-P", str(Path(__file__).with_name("ready.py")))
_MAX_READY = 2
_NUM_LAST_LINES = 40
_MAX_LINE_CHARS = 2000
_SECRET_NAME = re.compile(r"SECRET|PASSWORD|TOKEN|API_KEY|ACCESS_KEY|CREDENTIAL|AUTH_STRING", re.I)
_USER_INFO = re.compile(r"(?<=://)[^/\s@'\"]+@")
_MIN_SECRET_CHARS = 6


@dataclass(frozen=True)
class Finished:
    """How a command ended: its exit code and its last lines, without credentials."""

    code: int
    lines: tuple[str, ...]

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
        self._guard = threading.Lock()
        self._pipes: dict[int, int] = {}
        self._preparing = threading.Lock()
        self._ready: deque[subprocess.Popen[bytes]] = deque()
        self._is_stopped = False

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def run(
        self, command: Sequence[str], on_line: Callable[[str], None] = lambda line: None
    ) -> Finished:
        """Run a command to its end; ``on_line`` sees each line of its output as it comes.

        Raises:
            ToolError: there is no such program.
        """
        last: deque[str] = deque(maxlen=_NUM_LAST_LINES)
        is_dvc = command[0] == "dvc"
        with self._take(command[1:]) if is_dvc else self._start(command) as process:
            assert process.stdout is not None
            for number, line in enumerate(_split_lines(process.stdout)):
                if number == 0 and is_dvc:
                    self.prepare()
                shown = hide_secrets(line)
                last.append(shown[:_MAX_LINE_CHARS])
                on_line(shown)
            code = process.wait()
        self._let_go(process)
        if code == 127:
            raise ToolError(f"{command[0]} cannot be run", remedy="run make setup")
        return Finished(code, tuple(last))

    def ask(self, command: Sequence[str]) -> str:
        """Return all that a command prints, if it succeeds.

        Raises:
            ToolError: it fails; its last lines say why.
        """
        lines: list[str] = []
        finished = self.run(command, lines.append)
        if finished.code != 0:
            said = " ".join(finished.lines[-5:])
            raise ToolError(f"{' '.join(command[:3])} failed: {said}")
        return "\n".join(lines)

    def ask_dvc(self, *commands: Sequence[str]) -> list[str]:
        """Return all that each of several commands of DVC's prints; one DVC answers them.

        Raises:
            ToolError: one fails; its last lines say why.
        """
        self.prepare()
        process = self._take([[*command[1:]] for command in commands])
        assert process.stdout is not None
        answers: list[str] = []
        lines: list[str] = []
        for line in _split_lines(process.stdout):
            if line != END:
                lines.append(hide_secrets(line))
                continue
            answers.append("\n".join(lines))
            lines.clear()
            if len(answers) == len(commands):
                self._ready.append(process)
                return answers
        with process:
            self._let_go(process)
        said = " ".join(lines[-5:])
        raise ToolError(f"{' '.join(commands[len(answers)][:3])} failed: {said}")

    def prepare(self) -> None:
        """Have DVC started for the next commands; a command of DVC's does so for those after."""
        with self._preparing:
            while len(self._ready) < _MAX_READY and not self._is_stopped:
                self._ready.append(self._start(_READY, stdin=subprocess.PIPE))

    def stop(self) -> None:
        """End every running command and refuse new ones; returns before they have ended."""
        with self._guard:
            self._is_stopped = True
            for pipe in self._pipes.values():
                os.close(pipe)
            self._pipes.clear()
        with self._preparing:
            while self._ready:
                self._ready.popleft().communicate()

    def _take(self, asked: Sequence[str] | Sequence[Sequence[str]]) -> subprocess.Popen[bytes]:
        """Give a DVC that is ready its arguments, or questions."""
        process = self._pop_ready() or self._start(_READY, stdin=subprocess.PIPE)
        assert process.stdin is not None
        with suppress(BrokenPipeError):  # what it said, and its exit code, tell the rest
            process.stdin.write(json.dumps(asked).encode() + b"\n")
            process.stdin.flush()
        return process

    def _pop_ready(self) -> subprocess.Popen[bytes] | None:
        """Return a DVC that is ready and alive, if there is one; stages ask for it at once."""
        while True:
            try:
                process = self._ready.popleft()
            except IndexError:  # asking first whether one is there would leave time to lose it
                return None
            if process.poll() is None:
                return process
            self._let_go(process)
            process.communicate()

    def _start(
        self, command: Sequence[str], stdin: int = subprocess.DEVNULL
    ) -> subprocess.Popen[bytes]:
        """Start a command under a guard, whose pipe is ours to close."""
        beside = str(Path(sys.executable).parent)
        path = os.pathsep.join([beside, os.environ.get("PATH", os.defpath)])
        reading, writing = os.pipe()
        try:
            process = subprocess.Popen(
                [
                    *(sys.executable, "-I", "-S", str(_GUARD), str(reading), str(self._grace_s)),
                    *command,
                ],
                cwd=self.root,
                env={**os.environ, "PYTHONUNBUFFERED": "1", "PATH": path, **self._environment},
                stdin=stdin,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                pass_fds=(reading, *self._lock_fds),
                start_new_session=True,
            )
        except BaseException:
            os.close(writing)
            raise
        finally:
            os.close(reading)
        with self._guard:
            self._pipes[process.pid] = writing
        if self._is_stopped:
            self._let_go(process)
        return process

    def _let_go(self, process: subprocess.Popen[bytes]) -> None:
        """Close a command's pipe, which ends it if it has not ended."""
        with self._guard:
            if (pipe := self._pipes.pop(process.pid, None)) is not None:
                os.close(pipe)


def hide_secrets(text: str) -> str:
    """Replace the environment's credentials, and user names in URLs, by asterisks."""
    for name, value in os.environ.items():
        if len(value) >= _MIN_SECRET_CHARS and _SECRET_NAME.search(name):
            text = text.replace(value, "***")
    return _USER_INFO.sub("***@", text)


def _split_lines(stream: Iterable[bytes]) -> Iterator[str]:
    """Yield lines; a progress bar's returns end a line as well."""
    for chunk in stream:
        for line in re.split(r"[\r\n]+", chunk.decode("utf-8", errors="replace")):
            if line.strip():
                yield line.rstrip()
