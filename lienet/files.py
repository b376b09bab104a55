"""Files written whole or not at all, and their hashes; nothing here knows what a file means."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from lienet.errors import InputError


@contextmanager
def explaining_disk_errors(path: Path, *, remedy: str) -> Iterator[None]:
    """Turn an error of the disk into one line that names what could not be written.

    Raises:
        InputError: there was one.
    """
    try:
        yield
    except OSError as error:
        raise InputError(
            f"cannot write {path}: {error.strerror or error}", remedy=remedy
        ) from error


@contextmanager
def locked(path: Path, *, waits: bool = True) -> Iterator[None]:
    """Hold a lock file against other processes and threads; the file itself stays.

    The system lets go of it when the process ends, however it ends.

    Args:
        path: the file, made for this.
        waits: whether to wait until another process lets go.

    Raises:
        InputError: another process holds it and ``waits`` is false, or it cannot be made.
    """
    lock = FileLock(path, blocking=waits)
    with explaining_disk_errors(path, remedy="check the folder"):
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            lock.acquire()
        except Timeout as error:
            raise InputError(
                f"another run is at work in {path.parent}", remedy="wait for it to end"
            ) from error
    try:
        yield
    finally:
        lock.release()


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Yield a temporary path beside ``path``; on success sync it and rename it over ``path``.

    A full disk, an exception or a kill leaves ``path`` as it was.

    Raises:
        InputError: the folder cannot be written to.
    """
    with explaining_disk_errors(path, remedy="check the folder and its free space"):
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(prefix=f".{path.name}.", suffix=".part", dir=path.parent)
    os.close(handle)
    beside = Path(name)
    try:
        with explaining_disk_errors(path, remedy="check the disk's free space"):
            yield beside
            with beside.open("rb") as written:
                os.fsync(written.fileno())
            beside.chmod(0o666 & ~_umask())
            beside.replace(path)
    finally:
        beside.unlink(missing_ok=True)


def write_bytes(path: Path, content: bytes) -> None:
    """Write ``content`` to ``path`` atomically."""
    with replacing(path) as beside:
        beside.write_bytes(content)


def write_text(path: Path, content: str) -> None:
    """Write UTF-8 text to ``path`` atomically."""
    write_bytes(path, content.encode())


def write_json(path: Path, value: object) -> None:
    """Write sorted, indented JSON with a final newline to ``path`` atomically."""
    write_text(path, json.dumps(value, indent=2, sort_keys=True, allow_nan=False) + "\n")


@contextmanager
def replacing_folder(path: Path) -> Iterator[Path]:
    """Yield a new empty folder beside ``path``; on success it takes the place of ``path``.

    What a run that was killed left of such folders is removed first.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    for leftover in path.parent.glob(f".{path.name}.*.part"):
        shutil.rmtree(leftover, ignore_errors=True)
    beside = Path(tempfile.mkdtemp(prefix=f".{path.name}.", suffix=".part", dir=path.parent))
    try:
        yield beside
        beside.chmod(0o777 & ~_umask())
        if path.exists():
            shutil.rmtree(path)
        beside.replace(path)
    finally:
        shutil.rmtree(beside, ignore_errors=True)


def remove(path: Path) -> None:
    """Remove a file or a folder with all that is in it, if there is one."""
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def sha256_of_file(path: Path) -> str:
    """Return the SHA-256 of a file as lower-case hex."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def sha256_of_json(value: object) -> str:
    """Return the SHA-256 of a value's canonical JSON as lower-case hex."""
    canonical = json.dumps(value, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(canonical.encode()).hexdigest()


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
