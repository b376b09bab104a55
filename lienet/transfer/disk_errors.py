"""Errors of the disk as one line that names the file or folder."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from lienet.errors import InputError


@contextmanager
def explaining_disk_errors(path: Path) -> Iterator[None]:
    """Turn an error of the disk into one line that names what could not be written.

    Raises:
        InputError: there was one.
    """
    try:
        yield
    except OSError as error:
        raise InputError(
            f"cannot write {path}: {error.strerror or error}",
            remedy="what came is kept: see to it and its free space, then run it again",
        ) from error
