"""Where the workspace is, one run to it, and a note of each run, so that a dead one is found.

Both are file locks under ``data/state/flows``, which the system lets go of however a process ends:
``workspace.lock``, held by a run and by the guards of its commands until the last of them has
ended, and ``runs/<id>.json``, held by the run's own process alone.
"""

from __future__ import annotations

import fcntl
import json
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

from lienet.errors import InputError

_POLL_S = 0.5


def find_root(start: Path) -> Path:
    """Return the workspace that ``start`` lies in.

    Raises:
        InputError: there is none.
    """
    for folder in (start.resolve(), *start.resolve().parents):
        if (folder / "params.yaml").is_file() and (folder / "dvc.yaml").is_file():
            return folder
    raise InputError(
        "no params.yaml and dvc.yaml here or above", got=start, remedy="run inside a clone"
    )


class InUseError(Exception):
    """Another run, ``holder``, has the workspace."""

    def __init__(self, holder: str) -> None:
        super().__init__(f"the workspace is in use by flow run {holder}")
        self.holder = holder


@dataclass(frozen=True)
class DeadRun:
    """The note of a run whose process is gone, held here against other finders."""

    run_id: str
    path: Path

    def forget(self) -> None:
        """Remove the note."""
        self.path.unlink(missing_ok=True)


@contextmanager
def noting_run(root: Path, run_id: str) -> Iterator[None]:
    """Leave a note of a run while the body lasts; a body that ends, however, removes it.

    Only a process that dies, or is told to end from outside, leaves it behind.
    """
    folder = _runs_dir(root)
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{run_id}.json"
    with _open_locked(path) as note:
        note.truncate(0)
        note.write(json.dumps({"pid": os.getpid()}) + "\n")
        note.flush()
        try:
            yield
        except Exception:
            path.unlink(missing_ok=True)
            raise
        # A termination is no Exception: its note stays for whoever takes the run up.
        path.unlink(missing_ok=True)


@contextmanager
def holding_workspace(
    root: Path, run_id: str, *, waits: bool, on_wait: Callable[[str], None] = lambda holder: None
) -> Iterator[int]:
    """Hold the workspace; yield the file descriptor of the lock, for those who share it.

    Args:
        root: the workspace.
        run_id: who asks.
        waits: whether to wait while another run that is alive holds it. What a dead one has left
            is waited for in any case.
        on_wait: told once for whom this waits.

    Raises:
        InUseError: another run has it, and ``waits`` is false.
    """
    folder = _runs_dir(root).parent
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "workspace.lock").open("a+", encoding="utf-8") as lock:
        has_told = False
        while not _try_lock(lock.fileno()):
            lock.seek(0)
            holder = lock.read().strip() or "unknown"
            if not waits and holder != run_id and not _is_dead(root, holder):
                raise InUseError(holder)
            if not has_told:
                has_told = True
                on_wait(holder)
            time.sleep(_POLL_S)
        lock.truncate(0)
        lock.write(run_id)
        lock.flush()
        try:
            yield lock.fileno()
        finally:
            lock.truncate(0)


@contextmanager
def finding_dead_runs(root: Path) -> Iterator[list[DeadRun]]:
    """Yield the runs whose process is gone and that nobody else looks at."""
    notes, dead = [], []
    for path in sorted(_runs_dir(root).glob("*.json")):
        note = path.open("a", encoding="utf-8")
        notes.append(note)
        if _try_lock(note.fileno()) and path.exists():
            dead.append(DeadRun(path.stem, path))
    try:
        yield dead
    finally:
        for note in notes:
            note.close()


def _is_dead(root: Path, run_id: str) -> bool:
    path = _runs_dir(root) / f"{run_id}.json"
    if not path.is_file():
        return False
    with path.open("a", encoding="utf-8") as note:
        return _try_lock(note.fileno())


def _open_locked(path: Path) -> TextIO:
    """Open and lock a file, made if it is missing; whoever removed it meanwhile is waited for."""
    while True:
        stream = path.open("a", encoding="utf-8")
        fcntl.flock(stream, fcntl.LOCK_EX)
        with suppress(FileNotFoundError):
            if os.fstat(stream.fileno()).st_ino == path.stat().st_ino:
                return stream
        stream.close()


def _try_lock(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _runs_dir(root: Path) -> Path:
    return root / "data" / "state" / "flows" / "runs"
