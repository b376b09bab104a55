"""Dataclasses as rows of Parquet files: written once, sorted by key, read some hundred at a time.

Owns how a manifest lies on the disk, whatever its rows mean. The same rows are the same bytes in
whatever order they come; a file is whole or not there; a key that comes twice is refused, and so is
a file that is cut short or lacks a column.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import fields
from operator import attrgetter
from pathlib import Path
from typing import Any

import duckdb

from lienet.database import append_rows, first_line, open_database, parquet, quote
from lienet.errors import DataError, InputError
from lienet.files import replacing

REMEDY = "make it again with the stage that wrote it"
GATHERED = "gathered"
"""The table that holds the rows of a manifest until all are there."""
_ROWS_AT_ONCE = 1_000
_ROWS_OF_A_GROUP = 2_048
_TYPES = {"str": "VARCHAR", "int": "BIGINT", "float": "DOUBLE", "tuple[str, ...]": "VARCHAR[]"}


def list_columns(kind: type[Any]) -> list[str]:
    """Return the columns of a manifest whose rows are of a dataclass."""
    return [one.name for one in fields(kind)]


def write_rows(
    path: Path,
    records: Iterable[Any],
    kind: type[Any],
    *,
    finish: Callable[[duckdb.DuckDBPyConnection], str] | None = None,
) -> None:
    """Gather rows and write them once, by their field ``key``.

    Args:
        path: replaced when all is written; beside it, rows lie in a folder meanwhile where there
            are too many for memory.
        records: in any order.
        kind: their dataclass.
        finish: gets the database with all rows in the table ``GATHERED`` and returns the query of
            those to write, from that table called ``one``; without it they are written as they
            came.

    Raises:
        DataError: two rows have the same key.
        InputError: the disk has no room.
    """
    with (
        replacing(path) as beside,
        open_database(path.parent / f".{path.name}.spill.part") as connection,
    ):
        gather_rows(connection, records, kind)
        query = finish(connection) if finish else f"SELECT * FROM {GATHERED} one"
        write_query(connection, f"{query} ORDER BY one.key", path, beside)
        _check_keys(connection, beside)


def gather_rows(
    connection: duckdb.DuckDBPyConnection, records: Iterable[Any], kind: type[Any]
) -> None:
    """Put rows into the table ``GATHERED``."""
    columns = (f"{one.name} {_TYPES[str(one.type)]} NOT NULL" for one in fields(kind))
    connection.execute(f"CREATE TABLE {GATHERED} ({', '.join(columns)})")
    append_rows(connection, GATHERED, map(attrgetter(*list_columns(kind)), records))


def write_query(
    connection: duckdb.DuckDBPyConnection, query: str, path: Path, beside: Path
) -> None:
    """Write the rows of a query to ``beside``; an error names ``path``.

    Raises:
        InputError: the disk has no room.
    """
    options = f"FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE {_ROWS_OF_A_GROUP}"
    try:
        connection.execute(f"COPY ({query}) TO {quote(str(beside))} ({options})")
    except (duckdb.IOException, duckdb.OutOfMemoryException) as error:
        raise InputError(
            f"cannot write {path}: {first_line(error)}", remedy="check the disk's free space"
        ) from error


def _check_keys(connection: duckdb.DuckDBPyConnection, beside: Path) -> None:
    """Refuse a sorted file that has a key twice."""
    pairs = f"SELECT key, lag(key) OVER () AS before FROM {parquet(beside)}"
    found = connection.execute(f"SELECT key FROM ({pairs}) WHERE key = before LIMIT 1").fetchone()
    if found:
        raise DataError("two images of a manifest have the same key", got=repr(found[0]))


def iterate_rows(
    path: Path, columns: Sequence[str], *, where: str = "true"
) -> Iterator[tuple[Any, ...]]:
    """Yield some columns of a manifest row by row, in its order by key.

    Args:
        path: the manifest.
        columns: those wanted, in the order wanted.
        where: which rows, as SQL has it.

    Raises:
        DataError: the file is missing, cut short, lacks a column or has an empty cell.
    """
    with open_database() as connection, reading(path):
        check_columns(connection, path, columns)
        names = ", ".join(columns)
        found = connection.execute(f"SELECT {names} FROM {parquet(path)} WHERE {where}")
        while rows := found.fetchmany(_ROWS_AT_ONCE):
            for row in rows:
                if None in row:
                    raise DataError(f"{path} is not a whole manifest: a cell is empty")
                yield row


@contextmanager
def reading(path: Path) -> Iterator[None]:
    """Say that a manifest is missing or broken where DuckDB cannot read it.

    Raises:
        DataError: it is.
    """
    if not path.is_file():
        raise DataError(f"there is no manifest at {path}", remedy=REMEDY)
    try:
        yield
    except duckdb.Error as error:
        raise DataError(
            f"{path} is not a whole manifest: {first_line(error)}", remedy=REMEDY
        ) from error


def check_columns(
    connection: duckdb.DuckDBPyConnection, path: Path, columns: Sequence[str]
) -> None:
    """Refuse a manifest that lacks columns.

    Raises:
        DataError: it does.
    """
    described = connection.execute(f"DESCRIBE FROM {parquet(path)}").fetchall()
    missing = sorted(set(columns) - {name for name, *_ in described})
    if missing:
        raise DataError(f"{path} lacks the columns {', '.join(missing)}", remedy=REMEDY)
