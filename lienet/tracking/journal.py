"""An append-only journal that survives a kill: records as JSON lines, and how far they went.

It has one holder at a time, who writes and delivers; others find it locked and leave it alone. It
knows nothing of what the records mean or where they go. A record is safe from the death of the
process as soon as ``append`` returns (not from a power cut: the disk is not synced each time).
"""

from __future__ import annotations

import fcntl
import json
import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from lienet.errors import InputError
from lienet.files import write_text

Record = dict[str, Any]
_READ_BYTES = 1 << 20


class Journal:
    """Records in ``<stem>.jsonl``, the delivered offset in ``<stem>.offset``, copied files beside.

    The first line is the header: it says what all records belong to, and is never delivered. Made
    by :meth:`open` and :meth:`open_pending`, which lock it.
    """

    def __init__(self, path: Path, handle: int) -> None:
        self.path = path
        self._handle = handle
        self._offset_path = path.with_suffix(".offset")
        self._files_dir = path.with_suffix(".files")
        self.header: Record = {}
        self._header_end = 0
        self._read_header()

    @classmethod
    def open(cls, folder: Path, stem: str, header: Mapping[str, Any]) -> Journal:
        """Hold the journal ``stem``, made if missing; a numbered one while it is in other hands.

        Raises:
            InputError: the folder cannot be written to.
        """
        with _explained(folder):
            folder.mkdir(parents=True, exist_ok=True)
            number = 0
            while True:
                path = folder / (f"{stem}.jsonl" if number == 0 else f"{stem}-{number}.jsonl")
                handle = _hold(path, os.O_CREAT)
                if handle is not None:
                    journal = cls(path, handle)
                    if not journal.header:
                        journal._begin(header)
                    if journal.header == header:
                        return journal
                    journal.close()
                number += 1

    @classmethod
    def open_pending(cls, path: Path) -> Journal | None:
        """Hold a journal that another process left; None if it is in use, gone or empty."""
        try:
            handle = _hold(path, 0)
        except OSError:
            return None
        if handle is None:
            return None
        journal = cls(path, handle)
        if not journal.header:
            journal.close()
            return None
        return journal

    @property
    def offset(self) -> int:
        """Bytes delivered so far, the header included."""
        try:
            return max(int(self._offset_path.read_text()), self._header_end)
        except (OSError, ValueError):
            return self._header_end

    @property
    def is_delivered(self) -> bool:
        """Whether nothing waits."""
        return self.offset >= os.fstat(self._handle).st_size

    def append(self, record: Mapping[str, Any]) -> None:
        """Add one record; it outlives this process.

        Raises:
            InputError: the disk is full or gone.
        """
        line = json.dumps(record, separators=(",", ":"), ensure_ascii=False) + "\n"
        with _explained(self.path):
            os.write(self._handle, line.encode())

    def attach(self, path: Path) -> str:
        """Copy a file into the journal's keeping and return the name to put in a record.

        Raises:
            InputError: the file is missing, or the disk is full.
        """
        place = self._files_dir / str(os.fstat(self._handle).st_size)
        with _explained(place / path.name):
            place.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, place / path.name)
        return f"{place.name}/{path.name}"

    def attached(self, name: str) -> Path:
        """Return where an attached file lies."""
        return self._files_dir / name

    def detach(self, name: str) -> None:
        """Drop an attached file that has been delivered."""
        shutil.rmtree(self.attached(name).parent, ignore_errors=True)

    def read(self) -> Iterator[tuple[Record, int]]:
        """Yield each waiting record, and the offset to commit once it is delivered.

        A line cut short by a kill comes as an empty record.
        """
        position, num_bytes = self.offset, _READ_BYTES
        while block := os.pread(self._handle, num_bytes, position):
            whole = block.rfind(b"\n") + 1
            if whole == 0 and len(block) < num_bytes:
                return
            if whole == 0:
                num_bytes *= 2
            for line in block[:whole].splitlines(keepends=True):
                position += len(line)
                yield _parse(line), position

    def commit(self, offset: int) -> None:
        """Note that everything before ``offset`` is delivered."""
        write_text(self._offset_path, f"{offset}\n")

    def close(self) -> None:
        """Let go of the journal; it is removed if nothing waits in it."""
        if self.is_delivered:
            self._offset_path.unlink(missing_ok=True)
            shutil.rmtree(self._files_dir, ignore_errors=True)
            self.path.unlink(missing_ok=True)
        os.close(self._handle)

    def _read_header(self) -> None:
        size = os.fstat(self._handle).st_size
        line, newline, _ = os.pread(self._handle, _READ_BYTES, 0).partition(b"\n")
        self.header = _parse(line) if newline else {}
        self._header_end = len(line) + 1 if self.header else size
        if self.header and os.pread(self._handle, 1, size - 1) != b"\n":
            os.write(self._handle, b"\n")

    def _begin(self, header: Mapping[str, Any]) -> None:
        os.ftruncate(self._handle, 0)
        self._offset_path.unlink(missing_ok=True)
        self.append(header)
        self._read_header()


def _hold(path: Path, flags: int) -> int | None:
    """Open and lock ``path``; None if another process holds it. One just removed is made anew."""
    while True:
        handle = os.open(path, os.O_RDWR | os.O_APPEND | os.O_CLOEXEC | flags, 0o666)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if os.fstat(handle).st_nlink > 0:
                return handle
        except BlockingIOError:
            os.close(handle)
            return None
        os.close(handle)


def _parse(line: bytes) -> Record:
    try:
        record = json.loads(line)
    except ValueError:
        return {}
    return record if isinstance(record, dict) else {}


@contextmanager
def _explained(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise InputError(
            f"cannot write {path} for the tracker: {error.strerror or error}",
            remedy="check the folder and its free space",
        ) from error
