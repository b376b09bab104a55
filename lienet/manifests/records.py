"""The lists of images between the data stages: what was met, what was kept, and why not.

Owns the columns of ``manifest.parquet``, in the raw and in the filtered form, and their reading and
writing as records. It refuses a file that is cut short, that lacks a column or that names a key
twice; it knows nothing of how an image was judged.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TypeVar

from lienet.database import open_database, parquet
from lienet.errors import DataError
from lienet.manifests.duplicates import refuse_duplicates
from lienet.manifests.parquet_rows import (
    REMEDY,
    check_columns,
    iterate_rows,
    list_columns,
    reading,
    write_rows,
)

MANIFEST_NAME = "manifest.parquet"
_ALLOWED = {
    "split": ("train", "valid", "test", "auto"),
    "status": ("kept", "refused"),
    "verdict": ("keep", "refuse"),
}


@dataclass(frozen=True)
class ImageRecord:
    """One file that a source met: a row of ``data/raw/<source>/manifest.parquet``."""

    key: str
    """Unique among all sources, of the characters a-z, 0-9, "_" and "-"."""
    source: str
    path: str
    """Relative to the source's raw folder; empty if refused."""
    sha256: str
    """Of the original bytes, as lower-case hex; a JPEG that was set upright by its EXIF has
    others, and the same picture, where it is stored."""
    size_bytes: int
    width_px: int
    """Of the upright image; 0 where it could not be told."""
    height_px: int
    format: str
    """"jpeg", "png", "webp" or "tiff"; empty where it could not be told."""
    licence: str
    author: str
    origin: str
    """Where the file came from: an address, or a path below the folder in params."""
    split: str
    """"train", "valid", "test", or "auto" for a draw by key."""
    status: str
    """"kept" or "refused"."""
    reason: str
    """Why it was refused, as one word; empty if kept."""
    title: str = field(default="", kw_only=True)
    """As its author named it; empty where it is not known."""
    stored_sha256: str = field(default="", kw_only=True)
    """Of the bytes as they are stored, where these are not the original ones; else empty."""
    people: str = field(default="", kw_only=True)
    """Where labels say that persons are; empty without such labels, else JSON: a list of [left,
    top, right, bottom], each a share of the image's width or height."""


@dataclass(frozen=True)
class FilterRecord(ImageRecord):
    """A kept image and its verdict: a row of ``data/filtered/<source>/manifest.parquet``."""

    verdict: str
    """"keep" or "refuse"."""
    reasons: tuple[str, ...]
    """Any of "face", "text", "unreadable", the gates "small", "blurred", "flat" and "compressed",
    and "near_duplicate"; empty if kept."""
    detector: str
    """What looked at the image; "exempt" (a published test set) or "consented" (portraits whose
    licence covers their faces) where nothing did."""
    score: float
    """The highest score of any box; 0 without boxes."""
    boxes: str
    """JSON: a list of {kind, detector, left_px, top_px, width_px, height_px, score}."""
    sharpness: float = field(default=0.0, kw_only=True)
    """As :mod:`lienet.screening.quality` measures it; this and the next two: 0 if not measured."""
    contrast: float = field(default=0.0, kw_only=True)
    jpeg_quality: int = field(default=0, kw_only=True)
    """0 for a file that is no JPEG, too."""
    perceptual_hash: str = field(default="", kw_only=True)
    """16 hex digits; empty for an image without detail, or that cannot be read."""
    duplicate_of: str = field(default="", kw_only=True)
    """The key of the image that a near-duplicate was refused for."""


Record = TypeVar("Record", bound=ImageRecord)


def write_manifest(path: Path, records: Iterable[ImageRecord]) -> None:
    """Write the rows of a raw manifest to ``path``, sorted by key; the same rows, the same bytes.

    Raises:
        DataError: two rows have the same key.
        InputError: the disk has no room.
    """
    write_rows(path, records, ImageRecord)


def write_filtered(
    path: Path, records: Iterable[FilterRecord], *, max_hash_distance: int | None = None
) -> None:
    """Write the rows of a filtered manifest to ``path``, as :func:`write_manifest` does.

    Args:
        path: the manifest.
        records: its rows.
        max_hash_distance: near-duplicates, whose perceptual hashes differ in no more bits, are
            refused but for one; None refuses none.
    """
    finish = None
    if max_hash_distance is not None:
        finish = partial(refuse_duplicates, max_distance=max_hash_distance)
    write_rows(path, records, FilterRecord, finish=finish)


def read_manifest(path: Path) -> list[ImageRecord]:
    """Read a raw manifest, or the raw columns of a filtered one, in its order by key.

    Raises:
        DataError: the file is missing, cut short, lacks a column or holds an unknown word.
    """
    return list(_read(path, ImageRecord))


def iterate_kept(path: Path) -> Iterator[ImageRecord]:
    """Yield the rows of a raw manifest that were kept, by key, some hundred held at a time.

    Raises:
        DataError: as :func:`read_manifest`, when the reading comes to it.
    """
    return _read(path, ImageRecord, where="status = 'kept'")


def count_kept(path: Path) -> int:
    """Return how many rows of a raw manifest were kept.

    Raises:
        DataError: as :func:`read_manifest`.
    """
    with open_database() as connection, reading(path):
        check_columns(connection, path, list_columns(ImageRecord))
        query = f"SELECT count(*) FROM {parquet(path)} WHERE status = 'kept'"
        ((count,),) = connection.execute(query).fetchall()
    return int(count)


def read_filtered(path: Path) -> list[FilterRecord]:
    """Read a filtered manifest, as :func:`read_manifest` does."""
    return list(FilteredRows(path))


@dataclass(frozen=True)
class FilteredRows:
    """The rows of a filtered manifest, read anew each time they are gone through."""

    path: Path
    where: str = "true"
    """Which of them, as SQL has it."""

    def __iter__(self) -> Iterator[FilterRecord]:
        """Yield its rows by key, some hundred held at a time."""
        return _read(self.path, FilterRecord, where=self.where)


def _read(path: Path, kind: type[Record], *, where: str = "true") -> Iterator[Record]:
    columns = list_columns(kind)
    for values in iterate_rows(path, columns, where=where):
        record = kind.__new__(kind)  # as pickle makes one: a frozen one's own way takes five times
        row = vars(record)
        row.update(zip(columns, values, strict=True))
        if "reasons" in row:
            row["reasons"] = tuple(row["reasons"])
        yield _check(path, record)


def _check(path: Path, record: Record) -> Record:
    for name, allowed in _ALLOWED.items():
        value = getattr(record, name, allowed[0])
        if value not in allowed:
            rule = f"{name} of {record.key} in {path} must be one of {', '.join(allowed)}"
            raise DataError(rule, got=repr(value), remedy=REMEDY)
    return record
