"""DuckDB connections: in memory up to a limit, beyond it in a folder on the disk, never online.

Owns how DuckDB is set up for tables of any length, and how paths stand in its SQL. What the tables
hold is not its concern.
"""

from __future__ import annotations

import glob
import shutil
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import duckdb
import numpy as np

from lienet.errors import InputError

MEMORY_LIMIT = "512MB"
"""Used only where rows are many. A sort needs room for 122,880 rows at once: 4 kB for each."""
_SETTINGS: dict[str, str | bool | int | float | list[str]] = {
    "memory_limit": MEMORY_LIMIT,
    "autoinstall_known_extensions": False,  # no network
    "autoload_known_extensions": False,
    "enable_external_file_cache": False,  # files are read once
}

_ROWS_OF_A_GROUP = 122_880
"""As many as DuckDB keeps together: tables that grow by whole groups take half the time."""


@contextmanager
def open_database(
    spill_dir: Path | None = None, *, num_threads: int = 1
) -> Iterator[duckdb.DuckDBPyConnection]:
    """Open an empty database in memory, which is gone afterwards.

    Args:
        spill_dir: a folder of its own for what memory has no room for; whatever a run that was
            killed left there is removed first, and the folder itself at the end. None where rows
            only stream through.
        num_threads: one keeps memory small.

    Raises:
        InputError: the disk has no room.
    """
    spilled = "" if spill_dir is None else str(spill_dir)
    if spill_dir is not None:
        shutil.rmtree(spill_dir, ignore_errors=True)
        spill_dir.parent.mkdir(parents=True, exist_ok=True)
    connection = duckdb.connect(
        config=_SETTINGS | {"threads": num_threads, "temp_directory": spilled}
    )
    try:
        connection.execute("SET enable_progress_bar = false")
        yield connection
    except (duckdb.IOException, duckdb.OutOfMemoryException) as error:
        raise InputError(
            f"cannot keep a table in {spilled or 'memory'}: {first_line(error)}",
            remedy="check the disk's free space",
        ) from error
    finally:
        connection.close()
        if spill_dir is not None:
            shutil.rmtree(spill_dir, ignore_errors=True)


def append_rows(
    connection: duckdb.DuckDBPyConnection, table: str, rows: Iterable[Sequence[Any]]
) -> None:
    """Append rows to a table, a group of them held at a time."""
    with connection.appender(table) as appender:
        for number, row in enumerate(rows, start=1):
            appender.append_row(*row)
            if number % _ROWS_OF_A_GROUP == 0:
                appender.flush()


def fetch_columns(
    connection: duckdb.DuckDBPyConnection, query: str
) -> list[np.ndarray[Any, np.dtype[Any]]]:
    """Return the columns of a query of numbers, none of them null, as arrays."""
    return [np.asarray(column) for column in connection.execute(query).fetchnumpy().values()]


def parquet(path: Path) -> str:
    """Return a Parquet file as a table of SQL, its rows in the file's order."""
    return f"read_parquet({quote(glob.escape(str(path)))}, hive_partitioning = false)"


def quote(text: str) -> str:
    """Return a text as SQL spells it."""
    return "'" + text.replace("'", "''") + "'"


def first_line(error: duckdb.Error) -> str:
    """Return what DuckDB says is wrong, without its advice."""
    return str(error).partition("\n")[0].partition(": ")[2]
