"""One run at a time in a workspace, and a note of each run, so that a dead one is found.

Both are file locks under ``data/state/flows``, which the system lets go of however a process ends:
``workspace.lock``, held by a run and by the guards of its commands until the last of them has
ended, and ``runs/<id>.json``, held by the run's own process alone.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

from filelock import lock_descriptor

from lienet.workspace import Workspace

_POLL_S = 0.5


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
def noting_run(workspace: Workspace, run_id: str) -> Iterator[None]:
    """Leave a note of a run while the body lasts; a body that ends, however, removes it.

    Only a process that dies, or is told to end from outside, leaves it behind.
    """
    folder = _runs_dir(workspace)
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{run_id}.json"
    with _open_locked(path) as note:
        note.truncate(0)
        note.write(json.dumps({"pid": os.getpid()}) + "\n")
        note.flush()
        # A termination is no Exception: its note stays for whoever takes the run up.
        try:
            yield
        except Exception:
            path.unlink(missing_ok=True)
            raise
        path.unlink(missing_ok=True)


@contextmanager
def holding_workspace(
    workspace: Workspace,
    run_id: str,
    *,
    waits: bool,
    on_wait: Callable[[str], None] = lambda holder: None,
) -> Iterator[int]:
    """Hold the workspace; yield the file descriptor of the lock, for those who share it.

    Args:
        workspace: the clone.
        run_id: who asks.
        waits: whether to wait while another run that is alive holds it. What a dead one has left
            is waited for in any case.
        on_wait: told once for whom this waits.

    Raises:
        InUseError: another run has it, and ``waits`` is false.
    """
    folder = _runs_dir(workspace).parent
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "workspace.lock").open("a+", encoding="utf-8") as lock:
        has_said = False
        while not lock_descriptor(lock.fileno(), blocking=False):
            lock.seek(0)
            holder = lock.read().strip() or "unknown"
            if not waits and holder != run_id and not _is_dead(workspace, holder):
                raise InUseError(holder)
            if not has_said:
                has_said = True
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
def finding_dead_runs(workspace: Workspace) -> Iterator[list[DeadRun]]:
    """Yield the runs whose process is gone and that nobody else looks at."""
    dead = []
    with ExitStack() as notes:
        for path in sorted(_runs_dir(workspace).glob("*.json")):
            note = notes.enter_context(path.open("a", encoding="utf-8"))
            if lock_descriptor(note.fileno(), blocking=False) and path.exists():
                dead.append(DeadRun(path.stem, path))
        yield dead


def _is_dead(workspace: Workspace, run_id: str) -> bool:
    path = _runs_dir(workspace) / f"{run_id}.json"
    if not path.is_file():
        return False
    with path.open("a", encoding="utf-8") as note:
        return lock_descriptor(note.fileno(), blocking=False)


def _open_locked(path: Path) -> TextIO:
    """Open and lock a file, made if it is missing; whoever removed it meanwhile is waited for."""
    while True:
        stream = path.open("a", encoding="utf-8")
        lock_descriptor(stream.fileno())
        with suppress(FileNotFoundError):
            if os.fstat(stream.fileno()).st_ino == path.stat().st_ino:
                return stream
        stream.close()


def _runs_dir(workspace: Workspace) -> Path:
    return workspace.state_dir / "flows" / "runs"
