"""A folder of photographs with a list of them, as sets that were bought come: CSV or Parquet.

Only what the list names is taken, each with its own licence, author and title where the list has
them. A row that cannot be meant is refused by its number; a file that is listed and not there, or
whose licence permits less than the source is said to, goes on with that as its reason.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from lienet.catalogues.found import FoundFile
from lienet.catalogues.tables import Kind, find_line, read_table, to_text
from lienet.errors import DataError, InputError
from lienet.params import FolderSource
from lienet.params.licences import find_use, permits_less

if TYPE_CHECKING:
    import pyarrow as pa

COLUMNS = ("path", "licence", "license", "author", "title", "origin", "split", "sha256")
"""Those that are read: ``path`` must be there, the others may; ``license`` is ``licence``."""
_SPLITS = ("train", "valid", "test", "auto")
_SHA256 = re.compile(r"[0-9a-f]{64}")
_Row = dict[str, str]


@dataclass(frozen=True)
class _Place:
    """The folder, here or elsewhere."""

    folder: str
    is_remote: bool

    def locate(self, path: str) -> str:
        """Return where a listed path lies."""
        return f"{self.folder.rstrip('/')}/{path}"


def find_listed_files(source: FolderSource, *, base_dir: Path) -> Iterator[FoundFile]:
    """Yield the files that a folder's list names, in the list's order.

    Args:
        source: the folder and its list.
        base_dir: where relative paths start.

    Raises:
        InputError: the folder or the list is missing.
        DataError: the list cannot be read, or a row of it is wrong; the error has its number.
    """
    assert source.manifest is not None
    manifest = base_dir / Path(source.manifest).expanduser()
    if not manifest.is_file():
        raise InputError(f"there is no list at {manifest}", remedy="correct it in params.yaml")
    place = _find_place(source.path, base_dir)
    seen: set[str] = set()
    row = -1
    for row, values in enumerate(_read_rows(manifest)):
        if wrong := _find_wrong(values, seen):
            where = f"row {row + 1}"
            if manifest.suffix.lower() != ".parquet":
                where = f"line {find_line(manifest, row)}"
            raise DataError(f"{where} of {manifest} {wrong}", remedy="correct the list")
        seen.add(values["path"])
        yield _to_found(source, place, values)
    if row < 0:
        raise DataError(f"{manifest} lists no files", remedy="correct the list")


def _find_place(path: str, base_dir: Path) -> _Place:
    if "://" in path and not path.startswith("file://"):
        return _Place(path, is_remote=True)
    folder = base_dir / Path(path.removeprefix("file://")).expanduser()
    if not folder.is_dir():
        raise InputError(f"there is no folder {folder}", remedy="check its path in params.yaml")
    return _Place(str(folder), is_remote=False)


def _to_found(source: FolderSource, place: _Place, values: _Row) -> FoundFile:
    path = values["path"]
    location = place.locate(path)
    stated = values.get("licence") or values.get("license") or ""
    refusal = ""
    if stated and permits_less(_find_use(stated), source.use):
        refusal = "licence"
    elif not place.is_remote and not Path(location).is_file():
        refusal = "missing"
    return FoundFile(
        name=path,
        location=location,
        licence=stated or source.licence,
        author=values.get("author") or source.author,
        origin=values.get("origin") or f"{source.path.rstrip('/')}/{path}",
        split=values.get("split") or source.split,
        is_remote=place.is_remote,
        title=values.get("title", ""),
        refusal=refusal,
        sha256=values.get("sha256", "").lower(),
    )


_find_use = cache(find_use)


def _find_wrong(values: _Row, seen: set[str]) -> str:
    path = values["path"]
    if not path:
        return "has no path"
    if path.startswith("/") or ".." in PurePosixPath(path).parts or "\\" in path:
        return f"has a path that leaves the folder or has a backslash, got {path[:80]!r}"
    if path in seen:
        return f"names {path[:80]!r} a second time"
    if values.get("split", "") not in ("", *_SPLITS):
        return f"has split {values['split'][:40]!r}, which is none of {', '.join(_SPLITS)}"
    if values.get("sha256") and not _SHA256.fullmatch(values["sha256"].lower()):
        return f"has sha256 {values['sha256'][:70]!r}, not 64 hexadecimal digits"
    return ""


def _read_rows(manifest: Path) -> Iterator[_Row]:
    is_parquet = manifest.suffix.lower() == ".parquet"
    for batch in _read_parquet(manifest) if is_parquet else _read_csv(manifest):
        texts = [column.to_pylist() for column in batch.columns]
        for row in zip(*texts, strict=True):
            yield dict(zip(batch.schema.names, row, strict=True))


def _read_csv(manifest: Path) -> Iterator[pa.RecordBatch]:
    import pyarrow as pa

    columns: dict[str, Kind] = dict.fromkeys(COLUMNS, "text")
    for batch in read_table(manifest, columns, optional=frozenset(COLUMNS) - {"path"}):
        texts = {
            name: to_text(column)
            for name, column in zip(batch.schema.names, batch.columns, strict=True)
        }
        yield pa.record_batch(texts)


def _read_parquet(manifest: Path) -> Iterator[pa.RecordBatch]:
    import pyarrow as pa
    import pyarrow.compute as pc
    import pyarrow.parquet as pq

    try:
        with pq.ParquetFile(manifest) as stored:
            names = [name for name in COLUMNS if name in stored.schema_arrow.names]
            if "path" not in names:
                raise DataError(f"{manifest} lacks the column path", remedy="correct the list")
            for batch in stored.iter_batches(batch_size=2**14, columns=names):
                texts = {
                    name: pc.fill_null(batch.column(name).cast(pa.string()), "") for name in names
                }
                yield pa.record_batch(texts)
    except (pa.ArrowException, OSError, ValueError) as error:
        raise DataError(f"{manifest} is not a whole Parquet file: {error}") from error
