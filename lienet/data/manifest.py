"""The lists of images between the data stages: what was met, what was kept, and why not.

Owns the columns of ``manifest.parquet``, in the raw and in the filtered form, their reading and
writing, and how keys are made. It refuses a file that is cut short, that lacks a column or that
names a key twice; it knows nothing of how an image was judged.
"""

from __future__ import annotations

import hashlib
import io
import json
import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, field, fields
from itertools import pairwise
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any, TypeVar

from lienet.errors import DataError
from lienet.files import replacing

if TYPE_CHECKING:
    import pyarrow as pa

_MAX_NAME = 80
"""Longer names are cut: a key is part of file names, and of names inside archives."""
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
    """Of the original bytes, as lower-case hex."""
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
    """As :mod:`lienet.data.quality` measures it; this and the next two are 0 if nothing looked."""
    contrast: float = field(default=0.0, kw_only=True)
    jpeg_quality: int = field(default=0, kw_only=True)
    """0 for a file that is no JPEG, too."""
    perceptual_hash: str = field(default="", kw_only=True)
    """16 hex digits; empty for an image without detail, or that cannot be read."""
    duplicate_of: str = field(default="", kw_only=True)
    """The key of the image that a near-duplicate was refused for."""


Record = TypeVar("Record", bound=ImageRecord)


class KeyGiver:
    """Makes the keys of one source: ``<source>__<file name without its suffix>``, each unique.

    Letters lose their accents and case, and runs of anything but a-z, 0-9, "_" and "-" become one
    "_"; a name of which nothing is left, or too long a one, is told apart by its hash. Where two
    names meet, the later one gets "_2", "_3" and so on.
    """

    def __init__(self, source: str) -> None:
        self._source = source
        self._taken: set[str] = set()

    def give(self, name: str) -> str:
        """Return the key of the next file, named with "/" between folders."""
        wanted = f"{self._source}__{_simplify(str(PurePosixPath(name).with_suffix('')))}"
        key, count = wanted, 1
        while key in self._taken:
            count += 1
            key = f"{wanted}_{count}"
        self._taken.add(key)
        return key


def write_manifest(path: Path, records: Iterable[ImageRecord]) -> None:
    """Write the rows of a raw manifest to ``path``, sorted by key; the same rows, the same bytes.

    Raises:
        DataError: two rows have the same key.
    """
    _write(path, records, ImageRecord)


def read_manifest(path: Path) -> list[ImageRecord]:
    """Read a raw manifest, or the raw columns of a filtered one, in its order by key.

    Raises:
        DataError: the file is missing, cut short, lacks a column or holds an unknown word.
    """
    return _read(path, ImageRecord)


def read_people(path: Path) -> dict[str, str]:
    """Return where labels say that persons are, of the images where they do.

    Returns:
        Key → the optional column ``people`` of a raw manifest: JSON, a list of [left, top, right,
        bottom], each a share of the image's width or height. Empty without the column.

    Raises:
        DataError: the file is missing or cut short.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        with pq.ParquetFile(path) as stored:
            if "people" not in stored.schema_arrow.names:
                return {}
            table = stored.read(columns=["key", "people"])
    except (pa.ArrowException, OSError, ValueError) as error:
        raise DataError(f"{path} is not a whole manifest: {error}", remedy=_REMEDY) from error
    rows = zip(table["key"].to_pylist(), table["people"].to_pylist(), strict=True)
    return {key: people for key, people in rows if people}


def write_filtered(path: Path, records: Iterable[FilterRecord]) -> None:
    """Write the rows of a filtered manifest to ``path``, as :func:`write_manifest` does."""
    _write(path, records, FilterRecord)


def read_filtered(path: Path) -> list[FilterRecord]:
    """Read a filtered manifest, as :func:`read_manifest` does."""
    return _read(path, FilterRecord)


def _simplify(name: str) -> str:
    letters = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    simple = re.sub(r"[^a-z0-9_-]+", "_", letters).strip("_")
    digest = hashlib.sha256(name.encode("utf-8", "surrogateescape")).hexdigest()[:12]
    if not simple:
        return digest
    return simple if len(simple) <= _MAX_NAME else f"{simple[:_MAX_NAME]}_{digest}"


def _write(path: Path, records: Iterable[Record], kind: type[Record]) -> None:
    import pyarrow.parquet as pq

    rows = sorted(records, key=lambda record: record.key)
    for before, after in pairwise(rows):
        if before.key == after.key:
            raise DataError(f"two images of {path} have the same key", got=repr(after.key))
    table = _to_table(rows, _schema(kind))
    with replacing(path) as beside:
        pq.write_table(table, beside, compression="zstd")


def _to_table(rows: Sequence[ImageRecord], schema: pa.Schema) -> pa.Table:
    """Go by way of JSON: every constructor of arrays imports pandas, which takes half a second."""
    import pyarrow.json as pj

    if not rows:
        return schema.empty_table()
    lines = "\n".join(json.dumps(asdict(row)) for row in rows).encode()
    return pj.read_json(
        io.BytesIO(lines),
        read_options=pj.ReadOptions(use_threads=False, block_size=len(lines) + 1),
        parse_options=pj.ParseOptions(explicit_schema=schema),
    )


def _read(path: Path, kind: type[Record]) -> list[Record]:
    import pyarrow as pa
    import pyarrow.parquet as pq

    names = [one.name for one in fields(kind)]
    try:
        with pq.ParquetFile(path) as stored:
            missing = sorted(set(names) - set(stored.schema_arrow.names))
            if missing:
                raise DataError(f"{path} lacks the columns {', '.join(missing)}", remedy=_REMEDY)
            table = stored.read(columns=names)
        table = table.select(names).cast(_schema(kind))
    except FileNotFoundError:
        raise DataError(f"there is no manifest at {path}", remedy=_REMEDY) from None
    except (pa.ArrowException, OSError, ValueError) as error:
        raise DataError(f"{path} is not a whole manifest: {error}", remedy=_REMEDY) from error
    return [_check(path, _to_record(row, kind)) for row in table.to_pylist()]


_REMEDY = "make it again with the stage that wrote it"


def _to_record(row: dict[str, Any], kind: type[Record]) -> Record:
    if kind is FilterRecord:
        row["reasons"] = tuple(row["reasons"])
    return kind(**row)


def _check(path: Path, record: Record) -> Record:
    for name, allowed in _ALLOWED.items():
        value = getattr(record, name, allowed[0])
        if value not in allowed:
            rule = f"{name} of {record.key} in {path} must be one of {', '.join(allowed)}"
            raise DataError(rule, got=repr(value), remedy=_REMEDY)
    return record


def _schema(kind: type[ImageRecord]) -> pa.Schema:
    import pyarrow as pa

    types = {
        "str": pa.string(),
        "int": pa.int64(),
        "float": pa.float64(),
        "tuple[str, ...]": pa.list_(pa.string()),
    }
    return pa.schema(
        [pa.field(one.name, types[str(one.type)], nullable=False) for one in fields(kind)]
    )
