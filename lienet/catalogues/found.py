"""Files that a source found, not yet read, with what is known about each.

Owns how such a file's bytes are brought in, here or in another process, without ever holding a
film or a backup that lies among the photographs. It does not judge an image.
"""

from __future__ import annotations

import hashlib
import io
import time
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, cast

from lienet.catalogues.orientation import Orientation
from lienet.errors import TransferError
from lienet.images import SIGNATURE_BYTES, sniff_format

_DELAYS_S = (0.5, 2.0)
_CHUNK_BYTES = 2**20


@dataclass(frozen=True)
class Contents:
    """A file's bytes, or only their hash and beginning where it is too long to hold."""

    sha256: str
    size_bytes: int
    head: bytes
    """All the bytes of what begins like an image and is short enough; else a beginning."""

    @property
    def is_whole(self) -> bool:
        """Whether ``head`` is all of the file."""
        return len(self.head) == self.size_bytes


@dataclass(frozen=True)
class FoundFile:
    """A file to be looked at; it can be sent to another process and read there."""

    name: str
    """Relative, with "/" between folders; unique within its source."""
    location: str
    """A local path, or a URL for fsspec."""
    licence: str
    author: str
    origin: str
    """What the manifest says of where it came from; the same on every machine."""
    split: str
    """"train", "valid", "test", or "auto" for a draw by key."""
    is_remote: bool = False
    """Whether ``location`` is a URL."""
    content: bytes | None = None
    """The bytes, where only the finding process can read them."""
    title: str = ""
    refusal: str = ""
    """Why the file is not there to be read, as one word; empty if it is."""
    is_kept: bool = False
    """Whether ``location`` is a file of our own that never changes: it is linked, not copied."""
    orientation: Orientation = 1
    """What its EXIF shall say, other than 1, for a JPEG to stand upright."""
    sha256: str = ""
    """What the bytes must hash to, if known."""
    people: str = ""
    """Where labels say that persons are in the upright image, as the manifest has it."""

    def read(self, max_bytes: int) -> Contents:
        """Read and hash the file, holding at most ``max_bytes`` of it, and less of no image.

        Raises:
            OSError: a local file cannot be read, or is no plain file.
            TransferError: a remote file cannot be read, and trying again did not help.
        """
        if not self.is_remote:
            return self._read_once(max_bytes)
        for delay_s in (*_DELAYS_S, None):
            try:
                return self._read_once(max_bytes)
            except Exception as error:  # each fsspec file system raises its own kinds
                if delay_s is None:
                    what = f"cannot read {self.location}: {str(error) or type(error).__name__}"
                    raise TransferError(what, remedy="run the stage again") from error
                time.sleep(delay_s)
        raise AssertionError("the last attempt returns or raises")

    def _read_once(self, max_bytes: int) -> Contents:
        digest = hashlib.sha256()
        size_bytes = 0
        head = bytearray()
        kept_bytes = SIGNATURE_BYTES
        with self._open() as stream:
            while chunk := stream.read(_CHUNK_BYTES):
                if not size_bytes:
                    kept_bytes = max_bytes if sniff_format(chunk) else SIGNATURE_BYTES
                digest.update(chunk)
                size_bytes += len(chunk)
                head += chunk[: kept_bytes - len(head)]
        return Contents(digest.hexdigest(), size_bytes, bytes(head))

    def _open(self) -> AbstractContextManager[IO[bytes]]:
        if self.content is not None:
            return io.BytesIO(self.content)
        if self.is_remote:
            import fsspec

            return cast("AbstractContextManager[IO[bytes]]", fsspec.open(self.location, "rb"))
        path = Path(self.location)
        if not path.is_file():  # a broken link, or a pipe that would never end
            raise FileNotFoundError(f"{path} is not a plain file")
        return path.open("rb")
