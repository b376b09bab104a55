"""A folder of photographs with a list of them, as sets that were bought come: CSV or Parquet.

Only what the list names is taken, each with its own licence, author and title where the list has
them. A row that cannot be meant is refused by its number; a file that is listed and not there, or
whose licence permits less than the source is said to, goes on with that as its reason.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path

import duckdb

from lienet.catalogues.csv_lists import LINE, Rule, read_list, refuse_wrong_row
from lienet.catalogues.found import FoundFile
from lienet.database import first_line, open_database, parquet
from lienet.errors import DataError, InputError
from lienet.params import FolderSource
from lienet.params.licences import find_use, permits_less

COLUMNS = ("path", "licence", "license", "author", "title", "origin", "split", "sha256")
"""Those that are read: ``path`` must be there, the others may; ``license`` is ``licence``."""
_RULES = (
    Rule(("path",), "path <> ''", "which must name a file"),
    Rule(
        ("path",),
        r"NOT regexp_matches(path, '^/|\\|(^|/)\.\.(/|$)')",
        "which leaves the folder or has a backslash",
    ),
    Rule(
        ("path",),
        f"row_number() OVER (PARTITION BY path ORDER BY {LINE}) = 1",
        "which is named a second time",
    ),
    Rule(
        ("split",),
        "split IN ('', 'train', 'valid', 'test', 'auto')",
        "which is none of train, valid, test, auto",
    ),
    Rule(
        ("sha256",),
        "sha256 = '' OR regexp_full_match(lower(sha256), '[0-9a-f]{64}')",
        "not 64 hexadecimal digits",
    ),
)
_ROWS_AT_ONCE = 1_000
_Row = dict[str, str]


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
    folder, is_remote = _find_folder(source.path, base_dir)
    is_empty = True
    for values in _read_rows(manifest):
        is_empty = False
        yield _to_found(source, folder, is_remote, values)
    if is_empty:
        raise DataError(f"{manifest} lists no files", remedy="correct the list")


def _find_folder(path: str, base_dir: Path) -> tuple[str, bool]:
    """Return the folder's path or URL, and whether it is a URL."""
    if "://" in path and not path.startswith("file://"):
        return path.rstrip("/"), True
    folder = base_dir / Path(path.removeprefix("file://")).expanduser()
    if not folder.is_dir():
        raise InputError(f"there is no folder {folder}", remedy="check its path in params.yaml")
    return str(folder).rstrip("/"), False


def _to_found(source: FolderSource, folder: str, is_remote: bool, values: _Row) -> FoundFile:
    path = values["path"]
    location = f"{folder}/{path}"
    stated = values["licence"] or values["license"]
    refusal = ""
    if stated and permits_less(_find_use(stated), source.use):
        refusal = "licence"
    elif not is_remote and not Path(location).is_file():
        refusal = "missing"
    return FoundFile(
        name=path,
        location=location,
        licence=stated or source.licence,
        author=values["author"] or source.author,
        origin=values["origin"] or f"{source.path.rstrip('/')}/{path}",
        split=values["split"] or source.split,
        is_remote=is_remote,
        title=values["title"],
        refusal=refusal,
        sha256=values["sha256"].lower(),
    )


_find_use = cache(find_use)


def _read_rows(manifest: Path) -> Iterator[_Row]:
    """Yield the rows of a list once all of them are known to be right."""
    with (
        tempfile.TemporaryDirectory(prefix="lienet-") as folder,
        open_database(Path(folder) / "rows") as connection,
    ):

        def keep(rows: str) -> None:
            connection.execute(f"CREATE OR REPLACE TABLE listed AS {rows}")

        if manifest.suffix.lower() == ".parquet":
            _read_parquet(connection, manifest, keep)
        else:
            others = frozenset(COLUMNS) - {"path"}
            read_list(connection, manifest, COLUMNS, _RULES, keep, texts=COLUMNS, optional=others)
        found = connection.execute(f"SELECT {', '.join(COLUMNS)} FROM listed ORDER BY {LINE}")
        while rows := found.fetchmany(_ROWS_AT_ONCE):
            yield from (dict(zip(COLUMNS, row, strict=True)) for row in rows)


def _read_parquet(
    connection: duckdb.DuckDBPyConnection, manifest: Path, keep: Callable[[str], None]
) -> None:
    try:
        described = connection.execute(f"DESCRIBE FROM {parquet(manifest)}").fetchall()
        stored = {name for name, *_ in described}
        if "path" not in stored:
            raise DataError(f"{manifest} lacks the column path", remedy="correct the list")
        wanted = ", ".join(
            f"coalesce({name}::VARCHAR, '') AS {name}" if name in stored else f"'' AS {name}"
            for name in COLUMNS
        )
        rows = f"SELECT {wanted}, row_number() OVER () AS {LINE} FROM {parquet(manifest)}"
        refuse_wrong_row(connection, manifest, "row", rows, _RULES)
        keep(rows)
    except (duckdb.IOException, duckdb.OutOfMemoryException):
        raise  # the disk's, of which the database tells
    except duckdb.Error as error:
        what = f"{manifest} is not a whole Parquet file: {first_line(error)}"
        raise DataError(what, remedy="get the file anew") from error
