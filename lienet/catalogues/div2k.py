"""DIV2K: the published archives, by size and SHA-256, unpacked and found like a folder.

An archive is removed once it is unpacked; the folder it gave appears whole or not at all.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from lienet.catalogues.found import FoundFile
from lienet.catalogues.remote import Depot, fetch_one
from lienet.params import Div2kSource
from lienet.transfer.archives import unpack_zip
from lienet.transfer.batches import RemoteFile

AUTHOR = "Eirikur Agustsson and Radu Timofte (DIV2K)"


@dataclass(frozen=True)
class Archive:
    """A published zip file."""

    name: str
    size_bytes: int
    sha256: str
    folder: str
    """Where its photographs lie inside."""


ARCHIVES = {
    ("train", "hr"): Archive(
        "DIV2K_train_HR.zip",
        3530603713,
        "9d0b9c463f6e35b6c62cc6a930ee2224f670b34c1df841a57670f9acf0f6c335",
        "DIV2K_train_HR",
    ),
    ("valid", "hr"): Archive(
        "DIV2K_valid_HR.zip",
        448993893,
        "20dd31fd84d777bc1cf5d6b7654a3f569c0aec74458ae094122ad1d0489900fc",
        "DIV2K_valid_HR",
    ),
    ("valid", "lr_bicubic_x2"): Archive(
        "DIV2K_valid_LR_bicubic_X2.zip",
        117763600,
        "60eed9875c697df51204aa579e2a699e1d5215095788a097ff54dd17e2664d57",
        "DIV2K_valid_LR_bicubic/X2",
    ),
    ("valid", "lr_bicubic_x4"): Archive(
        "DIV2K_valid_LR_bicubic_X4.zip",
        31505881,
        "a50a5d1c4b88de4e8d300d8fb2b904c52fe93b2b298a4899697760d7cbb6d553",
        "DIV2K_valid_LR_bicubic/X4",
    ),
}
_MAX_FILES = 2000
_MAX_SWELLING = 4
"""Times that photographs may be larger than their archive, which can hardly shrink them."""


def find_div2k(source: Div2kSource, depot: Depot) -> Iterator[FoundFile]:
    """Fetch one of DIV2K's sets, and return its photographs by name.

    Raises:
        TransferError: its archive cannot be fetched, or is not the published one.
        DataError: the archive holds what it should not.
        InputError: the depot cannot be written.
    """
    archive = ARCHIVES[source.subset, source.contents]
    url = f"{source.base_url.rstrip('/')}/{archive.name}"
    unpacked = depot.files_dir / archive.sha256[:16]
    if not unpacked.is_dir():
        wanted = RemoteFile(
            url,
            archive.name,
            size_bytes=archive.size_bytes,
            sha256=archive.sha256,
            is_image=False,
        )
        path = fetch_one(wanted, depot)
        unpack_zip(
            path,
            unpacked,
            max_bytes=archive.size_bytes * _MAX_SWELLING,
            max_files=_MAX_FILES,
            expected_prefix=f"{Path(archive.folder).parts[0]}/",
        )
        path.unlink()
    return (
        FoundFile(
            name=photograph.name,
            location=str(photograph),
            licence=source.licence,
            author=AUTHOR,
            origin=f"{url}#{archive.folder}/{photograph.name}",
            split=source.split,
            is_kept=True,
        )
        for photograph in sorted((unpacked / archive.folder).iterdir())
    )
