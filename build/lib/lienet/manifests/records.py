"""The lists of images between the data stages: what was met, what was kept, and why not.

Owns the columns of ``manifest.parquet``, in the raw and in the filtered form, and their reading and
writing as records. It refuses a file that is cut short, that lacks a column or that names a key
twice; it knows nothing of how an image was judged.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np

from lienet.errors import DataError
from lienet.manifests.columns import (
    REMEDY,
    make_schema,
    read_columns,
    to_column,
    to_tables,
    write_rows,
    write_sorted,
)

if TYPE_CHECKING:
    import pyarrow as pa

Places = np.ndarray[Any, np.dtype[np.int64]]
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
    """
    write_rows(path, records, ImageRecord)


def read_manifest(path: Path) -> list[ImageRecord]:
    """Read a raw manifest, or the raw columns of a filtered one, in its order by key.

    Raises:
        DataError: the file is missing, cut short, lacks a column or holds an unknown word.
    """
    return list(_read(path, ImageRecord))


def iterate_manifest(path: Path) -> Iterator[ImageRecord]:
    """Yield the rows of :func:`read_manifest`, a few thousand held at a time.

    Raises:
        DataError: as there, when the reading comes to it.
    """
    return _read(path, ImageRecord)


def count_kept(path: Path) -> int:
    """Return how many rows of a raw manifest were kept, reading nothing else of them.

    Raises:
        DataError: as :func:`read_columns`.
    """
    import pyarrow.compute as pc

    tables = read_columns(path, ["status"], ImageRecord)
    return sum(int(pc.sum(pc.equal(table.column(0), "kept")).as_py() or 0) for table in tables)


def write_filtered(path: Path, records: Iterable[FilterRecord]) -> None:
    """Write the rows of a filtered manifest to ``path``, as :func:`write_manifest` does."""
    write_rows(path, records, FilterRecord)


def read_filtered(path: Path) -> list[FilterRecord]:
    """Read a filtered manifest, as :func:`read_manifest` does."""
    return list(FilteredRows(path))


@dataclass(frozen=True)
class FilteredRows:
    """The rows of a filtered manifest, read anew each time they are gone through."""

    path: Path

    def __iter__(self) -> Iterator[FilterRecord]:
        """Yield its rows, as :func:`iterate_manifest` does."""
        return _read(self.path, FilterRecord)


def read_filtered_keys(path: Path, rows: Collection[int]) -> dict[int, str]:
    """Read the keys of some rows of a filtered manifest, by their places in it.

    Raises:
        DataError: as :func:`read_manifest`.
    """
    keys: dict[int, str] = {}
    first = 0
    wanted = np.unique(np.fromiter(rows, np.int64, len(rows)))
    for table in read_columns(path, ["key"], FilterRecord):
        places = _cut(wanted, first, table.num_rows)
        taken = table.column("key").take(to_column(places - first))
        keys.update(zip(places.tolist(), taken.to_pylist(), strict=True))
        first += table.num_rows
    return keys


def change_filtered_rows(
    path: Path, rows: Collection[int], change: Callable[[int, FilterRecord], FilterRecord]
) -> None:
    """Write a filtered manifest anew with some rows changed, each with the key that it had.

    Args:
        path: the manifest.
        rows: their places in it.
        change: gets a place and its row, and returns the row that is to be there.

    Raises:
        DataError: as :func:`read_manifest`.
    """
    wanted = np.unique(np.fromiter(rows, np.int64, len(rows)))
    write_sorted(path, _change(path, wanted, change), make_schema(FilterRecord))


def _change(
    path: Path, wanted: Places, change: Callable[[int, FilterRecord], FilterRecord]
) -> Iterator[pa.Table]:
    import pyarrow as pa

    first = 0
    for table in read_columns(path, make_schema(FilterRecord).names, FilterRecord):
        places = _cut(wanted, first, table.num_rows)
        taken = _to_records(path, table.take(to_column(places - first)), FilterRecord)
        changed = map(change, places.tolist(), taken)
        order = np.arange(table.num_rows)
        order[places - first] = table.num_rows + np.arange(len(places))
        both = pa.concat_tables([table, *to_tables(changed, FilterRecord)])
        first += table.num_rows
        yield both.take(to_column(order))


def _cut(places: Places, first: int, count: int) -> Places:
    """Return those of some places in order that are among ``count`` from ``first`` on."""
    start, stop = np.searchsorted(places, [first, first + count])
    return places[start:stop]


def _read(path: Path, kind: type[Record]) -> Iterator[Record]:
    for table in read_columns(path, make_schema(kind).names, kind):
        yield from _to_records(path, table, kind)


def _to_records(path: Path, table: pa.Table, kind: type[Record]) -> Iterator[Record]:
    names = table.schema.names
    columns = [column.to_pylist() for column in table.columns]
    if "reasons" in names:
        place = names.index("reasons")
        columns[place] = [tuple(reasons) for reasons in columns[place]]
    for values in zip(*columns, strict=True):
        yield _check(path, kind(**dict(zip(names, values, strict=True))))


def _check(path: Path, record: Record) -> Record:
    for name, allowed in _ALLOWED.items():
        value = getattr(record, name, allowed[0])
        if value not in allowed:
            rule = f"{name} of {record.key} in {path} must be one of {', '.join(allowed)}"
            raise DataError(rule, got=repr(value), remedy=REMEDY)
    return record
