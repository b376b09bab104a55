"""Partial files: a ``.part`` beside its target, hashed while it grows and renamed when whole.

What came is buffered in memory until a MiB is there or the attempt ends, so that a small file is
written once. A partial file on the disk outlives the process; beside it, ``.part.version`` holds
what the server called the version that it is of.
"""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

from lienet.transfer.requests import Fault, FetchResult, RemoteFile
from lienet.transfer.verification import Body, find_fault

FLUSH_BYTES = 2**20
MIN_KEPT_BYTES = 2**16
"""A shorter partial file is sooner fetched again than kept."""
_HEAD_BYTES = 1024
_FEW_CHUNKS = 4
"""So many are hashed and written one by one, which spares a copy; more are first joined."""


class PartialFile:
    """What is here so far of a remote file. Its methods block; threads may run them in turn."""

    def __init__(self, file: RemoteFile, folder: Path) -> None:
        self.file = file
        target = self._target_path = f"{folder}/{file.name}"  # text: there may be millions
        self._part_path = f"{target}.part"
        self._version_path = f"{target}.part.version"
        self._has_version_file = False
        self.version = ""
        self.size_bytes = 0
        self.is_resumed = False
        self.has_ranges = True
        """Whether the server may be asked to continue; not after it did so wrongly."""
        self._is_on_disk = False
        self._needs_md5 = file.md5 is not None
        self._reset()

    def _reset(self) -> None:
        self.size_bytes = 0
        self.is_resumed = False
        self._sha256 = hashlib.sha256()
        self._md5 = hashlib.md5(usedforsecurity=False) if self._needs_md5 else None
        self._head = b""
        self._buffered: list[bytes] = []
        self._num_buffered = 0
        self._unwritten: list[bytes] = []
        self._num_unwritten = 0

    @property
    def target(self) -> Path:
        """Where the whole file will be."""
        return Path(self._target_path)

    @property
    def can_continue(self) -> bool:
        """Whether more bytes can be put behind these without two versions meeting unnoticed."""
        return bool(self.size_bytes and self.has_ranges and (self.version or self.file.has_hash))

    def load(self) -> FetchResult | None:
        """Look for the target, else for the partial file that an earlier run left.

        Returns:
            The result if nothing is left to fetch.

        Raises:
            OSError: the disk fails.
        """
        if self.target.is_file() and (result := self._verify_target()):
            self._is_on_disk = self._has_version_file = True
            self._delete_files()
            return result
        part_path, version_path = Path(self._part_path), Path(self._version_path)
        if not part_path.is_file():
            return None
        self._is_on_disk = True
        if version_path.is_file():
            self._has_version_file = True
            self.version = version_path.read_text(encoding="utf-8", errors="replace").strip()
        self._hash_file(part_path)
        size_bytes = self.file.size_bytes
        is_too_long = size_bytes is not None and self.size_bytes > size_bytes
        if is_too_long or not self.can_continue:
            self.discard()
            return None
        self.is_resumed = True
        if self.size_bytes == size_bytes:
            outcome = self.finish()
            return outcome if isinstance(outcome, FetchResult) else None
        return None

    def expect_md5(self) -> None:
        """Compute the MD5 of the whole file, too, from its first byte on."""
        if self._md5 is not None:
            return
        self.hash_buffered()
        self._needs_md5 = True
        self._md5 = hashlib.md5(usedforsecurity=False)
        if self._is_on_disk:
            with Path(self._part_path).open("rb") as stream:
                while chunk := stream.read(FLUSH_BYTES):
                    self._md5.update(chunk)
        for chunk in self._unwritten:
            self._md5.update(chunk)

    def buffer(self, chunk: bytes) -> int:
        """Take more bytes, which costs nothing yet; return how many are buffered."""
        self._buffered.append(chunk)
        self._num_buffered += len(chunk)
        return self._num_buffered

    def hash_buffered(self) -> None:
        """Hash what is buffered, and write it once it is much."""
        if not self._buffered:
            return
        is_many = len(self._buffered) > _FEW_CHUNKS
        chunks = [b"".join(self._buffered)] if is_many else self._buffered
        for chunk in chunks:
            self._update(chunk)
        self._unwritten += chunks
        self._num_unwritten += self._num_buffered
        self._buffered, self._num_buffered = [], 0
        if self._num_unwritten >= FLUSH_BYTES:
            self.write()

    def end_attempt(self) -> None:
        """Keep what an attempt brought that broke off; a little of it only in memory."""
        self.hash_buffered()
        if self._num_unwritten >= MIN_KEPT_BYTES:
            self.write()

    def write(self) -> None:
        """Write all that came, for a later run to continue."""
        self.hash_buffered()
        if not self._num_unwritten:
            return
        is_first = not self._is_on_disk
        if is_first:
            self.target.parent.mkdir(parents=True, exist_ok=True)
        self._append(is_last=False)
        if is_first and self.version:  # bytes without a version do no harm, the other way round
            self._has_version_file = True
            Path(self._version_path).write_text(self.version, encoding="utf-8")

    def _append(self, *, is_last: bool) -> None:
        flags = os.O_WRONLY | os.O_CREAT | (os.O_APPEND if self._is_on_disk else os.O_TRUNC)
        handle = os.open(self._part_path, flags, 0o666)
        try:
            for chunk in self._unwritten:
                view = memoryview(chunk)
                while view:
                    view = view[os.write(handle, view) :]
            if is_last:
                os.fsync(handle)
        finally:
            os.close(handle)
        self._is_on_disk = True
        self._unwritten, self._num_unwritten = [], 0

    def finish(self, server_md5: str = "") -> FetchResult | Fault:
        """Verify all that came and rename it to its target, or say what is wrong with it.

        Raises:
            OSError: the disk fails; the target is as it was.
        """
        self.hash_buffered()
        body = Body(self.size_bytes, self._sha256.hexdigest(), self._hex_md5(), self._content())
        if (fault := find_fault(self.file, body, server_md5)) is not None:
            return fault
        try:
            self._append(is_last=True)
        except FileNotFoundError:
            self.target.parent.mkdir(parents=True, exist_ok=True)
            self._append(is_last=True)
        Path(self._part_path).replace(self._target_path)
        self._is_on_disk = False
        self._delete_files()
        status = "resumed" if self.is_resumed else "fetched"
        return FetchResult(self.file, status, "", body.sha256, body.md5, self.size_bytes)

    def discard(self) -> None:
        """Delete all that came."""
        self._delete_files()
        self.version = ""
        self._reset()

    def _delete_files(self) -> None:
        if self._has_version_file:
            Path(self._version_path).unlink(missing_ok=True)
        if self._is_on_disk:
            Path(self._part_path).unlink(missing_ok=True)
        self._is_on_disk = self._has_version_file = False

    def abandon(self) -> None:
        """Keep what came only if a later run may continue it."""
        self.hash_buffered()
        if self.can_continue and self.size_bytes >= MIN_KEPT_BYTES:
            self.write()
        else:
            self.discard()

    def _verify_target(self) -> FetchResult | None:
        size_bytes = self.target.stat().st_size
        if self.file.size_bytes not in (None, size_bytes):
            return None
        self._hash_file(self.target)
        content = self.target.read_bytes() if self._needs_content else self._head
        body = Body(size_bytes, self._sha256.hexdigest(), self._hex_md5(), content)
        fault = find_fault(self.file, body)
        self._reset()
        if fault is not None:
            return None
        return FetchResult(self.file, "present", "", body.sha256, body.md5, size_bytes)

    @property
    def _needs_content(self) -> bool:
        return self.file.pixel_md5 is not None or (self.file.is_image and not self.file.has_hash)

    def _content(self) -> bytes:
        if not self._needs_content:
            return self._head
        written = Path(self._part_path).read_bytes() if self._is_on_disk else b""
        return written + b"".join(self._unwritten)

    def _hex_md5(self) -> str:
        return self._md5.hexdigest() if self._md5 is not None else ""

    def _hash_file(self, path: Path) -> None:
        self._reset()
        with path.open("rb") as stream:
            while chunk := stream.read(FLUSH_BYTES):
                self._update(chunk)

    def _update(self, data: bytes) -> None:
        self._sha256.update(data)
        if self._md5 is not None:
            self._md5.update(data)
        if len(self._head) < _HEAD_BYTES:
            self._head += data[: _HEAD_BYTES - len(self._head)]
        self.size_bytes += len(data)
