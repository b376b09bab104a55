"""A file on its way: the ``.part`` beside its target, hashed while it grows, renamed when whole.

What came is held in memory until a MiB is there or the attempt ends, so that a small file is
written once. A part on the disk outlives the process; beside it, ``.part.version`` holds what the
server called the version that the part is of.
"""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

from lienet.transfer.requests import Arrived, Fault, Wanted
from lienet.transfer.verification import Body, find_fault

FLUSH_BYTES = 2**20
WORTH_BYTES = 2**16
"""A shorter part of a file that was given up is sooner fetched again than kept."""
_HEAD_BYTES = 1024
_FEW_CHUNKS = 4
"""So many are hashed and written one by one, which spares a copy; more are first joined."""


class Part:
    """What is here so far of one wanted file. Its methods block; threads may run them in turn."""

    def __init__(self, wanted: Wanted, folder: Path) -> None:
        self.wanted = wanted
        target = self._target_path = f"{folder}/{wanted.name}"  # text: there may be millions
        self._part_path = f"{target}.part"
        self._version_path = f"{target}.part.version"
        self._has_version_file = False
        self.version = ""
        self.size_bytes = 0
        self.is_resumed = False
        self.has_ranges = True
        """Whether the server may be asked to continue; not after it did so wrongly."""
        self._is_on_disk = False
        self._needs_md5 = wanted.md5 is not None
        self._reset()

    def _reset(self) -> None:
        self.size_bytes = 0
        self.is_resumed = False
        self._sha256 = hashlib.sha256()
        self._md5 = hashlib.md5(usedforsecurity=False) if self._needs_md5 else None
        self._head = b""
        self._held: list[bytes] = []
        self._num_held = 0
        self._unwritten: list[bytes] = []
        self._num_unwritten = 0

    @property
    def target(self) -> Path:
        """Where the whole file will be."""
        return Path(self._target_path)

    @property
    def can_continue(self) -> bool:
        """Whether more bytes can be put behind these without two versions meeting unnoticed."""
        return bool(self.size_bytes and self.has_ranges and (self.version or self.wanted.has_hash))

    def take_up(self) -> Arrived | None:
        """Look for the target, else for the part that an earlier run left.

        Returns:
            The result if nothing is left to fetch.

        Raises:
            OSError: the disk fails.
        """
        if self.target.is_file() and (arrived := self._judge_target()):
            self._is_on_disk = self._has_version_file = True
            self._forget_files()
            return arrived
        part_path, version_path = Path(self._part_path), Path(self._version_path)
        if not part_path.is_file():
            return None
        self._is_on_disk = True
        if version_path.is_file():
            self._has_version_file = True
            self.version = version_path.read_text(encoding="utf-8", errors="replace").strip()
        self._hash_file(part_path)
        size_bytes = self.wanted.size_bytes
        is_too_long = size_bytes is not None and self.size_bytes > size_bytes
        if is_too_long or not self.can_continue:
            self.discard()
            return None
        self.is_resumed = True
        if self.size_bytes == size_bytes:
            outcome = self.finish()
            return outcome if isinstance(outcome, Arrived) else None
        return None

    def expect_md5(self) -> None:
        """See to it that the MD5 of the whole file will be known at its end."""
        if self._md5 is not None:
            return
        self.absorb()
        self._needs_md5 = True
        self._md5 = hashlib.md5(usedforsecurity=False)
        if self._is_on_disk:
            with Path(self._part_path).open("rb") as stream:
                while chunk := stream.read(FLUSH_BYTES):
                    self._md5.update(chunk)
        for chunk in self._unwritten:
            self._md5.update(chunk)

    def hold(self, chunk: bytes) -> int:
        """Take more bytes, which costs nothing yet; return how many are to be absorbed."""
        self._held.append(chunk)
        self._num_held += len(chunk)
        return self._num_held

    def absorb(self) -> None:
        """Hash what is held, and write it down once it is much."""
        if not self._held:
            return
        is_many = len(self._held) > _FEW_CHUNKS
        chunks = [b"".join(self._held)] if is_many else self._held
        for chunk in chunks:
            self._update(chunk)
        self._unwritten += chunks
        self._num_unwritten += self._num_held
        self._held, self._num_held = [], 0
        if self._num_unwritten >= FLUSH_BYTES:
            self.write()

    def settle(self) -> None:
        """End an attempt that broke off: what came is kept, in memory only where it is little."""
        self.absorb()
        if self._num_unwritten >= WORTH_BYTES:
            self.write()

    def write(self) -> None:
        """Write down all that came, for a later run to continue."""
        self.absorb()
        if not self._num_unwritten:
            return
        is_first = not self._is_on_disk
        if is_first:
            self.target.parent.mkdir(parents=True, exist_ok=True)
        self._append(is_last=False)
        if is_first and self.version:  # a part without its version is of no harm, the other way is
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

    def finish(self, told_md5: str = "") -> Arrived | Fault:
        """Rename the part to its target if it is the file wanted, else say why not.

        Raises:
            OSError: the disk fails; the target is as it was.
        """
        self.absorb()
        body = Body(self.size_bytes, self._sha256.hexdigest(), self._hex_md5(), self._content())
        if (fault := find_fault(self.wanted, body, told_md5)) is not None:
            return fault
        try:
            self._append(is_last=True)
        except FileNotFoundError:
            self.target.parent.mkdir(parents=True, exist_ok=True)
            self._append(is_last=True)
        Path(self._part_path).replace(self._target_path)
        self._is_on_disk = False
        self._forget_files()
        status = "resumed" if self.is_resumed else "fetched"
        return Arrived(self.wanted, status, "", body.sha256, body.md5, self.size_bytes)

    def discard(self) -> None:
        """Forget all that came."""
        self._forget_files()
        self.version = ""
        self._reset()

    def _forget_files(self) -> None:
        if self._has_version_file:
            Path(self._version_path).unlink(missing_ok=True)
        if self._is_on_disk:
            Path(self._part_path).unlink(missing_ok=True)
        self._is_on_disk = self._has_version_file = False

    def give_up(self) -> None:
        """Keep the part only if a later run may want to continue it."""
        self.absorb()
        if self.can_continue and self.size_bytes >= WORTH_BYTES:
            self.write()
        else:
            self.discard()

    def _judge_target(self) -> Arrived | None:
        size_bytes = self.target.stat().st_size
        if self.wanted.size_bytes not in (None, size_bytes):
            return None
        self._hash_file(self.target)
        content = self.target.read_bytes() if self._needs_content else self._head
        body = Body(size_bytes, self._sha256.hexdigest(), self._hex_md5(), content)
        fault = find_fault(self.wanted, body)
        self._reset()
        if fault is not None:
            return None
        return Arrived(self.wanted, "present", "", body.sha256, body.md5, size_bytes)

    @property
    def _needs_content(self) -> bool:
        return self.wanted.pixel_md5 is not None or (
            self.wanted.is_image and not self.wanted.has_hash
        )

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
