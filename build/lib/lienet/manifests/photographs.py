"""A source's photographs, wherever they lie: in its raw folder or in a store.

Owns what their objects are called and how a worker, on this machine or another, reads one.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from lienet.manifests.records import ImageRecord
from lienet.storage import Store, Uploads, name_object, read_pointer, write_pointer

KIND = "images"


@dataclass(frozen=True)
class Photographs:
    """What a process needs to read a source's photographs; small and picklable.

    Args:
        folder: the source's raw folder.
        store: where its photographs lie if not in that folder.
    """

    folder: Path
    store: Store | None

    @classmethod
    def find(cls, raw_dir: Path) -> Photographs:
        """Look where the photographs of a raw folder lie.

        Raises:
            DataError: its pointer is broken.
        """
        return cls(raw_dir, read_pointer(raw_dir))

    def read(self, path: str, sha256: str) -> bytes:
        """Return the bytes of a photograph, by its path and the SHA-256 of what is stored.

        Raises:
            OSError: its file cannot be read.
            DataError: its object is not in the store, or is not what its hash says.
            TransferError: the store cannot be reached.
        """
        if self.store is None:
            return (self.folder / path).read_bytes()
        return self.store.read(_name(path, sha256), sha256)

    def remove(self, path: str, sha256: str) -> bool:
        """Remove a photograph, if it is there; return whether it was, which no store tells.

        Raises:
            OSError: its file cannot be removed.
            TransferError: the store cannot be reached.
        """
        if self.store is not None:
            self.store.remove(_name(path, sha256))
            return True
        file = self.folder / path
        was_there = file.exists()
        file.unlink(missing_ok=True)
        return was_there


def move_photographs(
    records: Iterable[ImageRecord], folder: Path, store: Store | None
) -> Iterator[ImageRecord]:
    """Pass records on while the files of those kept move from ``folder`` into the store.

    When the last record is through, all are there and the folder says so. Without a store nothing
    is moved.

    Raises:
        ToolError, TransferError: the store cannot be written.
    """
    if store is None:
        yield from records
        return
    with Uploads(store) as uploads:
        for record in records:
            if record.status == "kept":
                uploads.move(
                    folder / record.path, _name(record.path, record.stored_sha256 or record.sha256)
                )
            yield record
    write_pointer(folder, store)


def _name(path: str, sha256: str) -> str:
    return name_object(KIND, sha256, PurePosixPath(path).suffix)
