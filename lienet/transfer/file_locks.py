"""One writer to a place at a time, and one line where a place cannot be written."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from lienet.errors import InputError


@contextmanager
def explaining(place: Path) -> Iterator[None]:
    """Turn a failure of the disk into one line that names the place.

    Raises:
        InputError: it cannot be written.
    """
    try:
        yield
    except OSError as error:
        raise InputError(
            f"cannot write {place}: {error.strerror or error}",
            remedy="what came is kept: see to it and its free space, then run it again",
        ) from error


@contextmanager
def holding(lock_path: Path, *, whose: Path, waits: bool = False) -> Iterator[None]:
    """Hold a lock file, removed at the end; the system lets go of it however a process ends.

    Args:
        lock_path: the file, made for this.
        whose: what it protects, for the error.
        waits: whether to wait for another process to let go.

    Raises:
        InputError: another process holds it and ``waits`` is false, or it cannot be made.
    """
    with explaining(whose):
        handle = _lock(lock_path, waits=waits)
    if handle is None:
        raise InputError(f"another run is fetching into {whose}", remedy="wait for it to end")
    try:
        yield
    finally:
        lock_path.unlink(missing_ok=True)
        os.close(handle)


def _lock(path: Path, *, waits: bool) -> int | None:
    while True:
        handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o666)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX if waits else fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(handle)
            return None
        try:
            if os.fstat(handle).st_ino == path.stat().st_ino:
                return handle
        except FileNotFoundError:
            pass
        os.close(handle)  # who held it before has removed it
