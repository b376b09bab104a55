"""The list of the photographs that a task was trained on, with what their licences ask to be named.

Owns the columns of ``data/shards/<task>/trained_on.parquet`` and their reading over several tasks;
:mod:`lienet.manifests.planning` writes it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from lienet.database import open_database, parquet
from lienet.manifests.parquet_rows import check_columns, list_columns, reading

_ROWS_AT_ONCE = 500


@dataclass(frozen=True)
class TrainedRecord:
    """One photograph of a training split."""

    key: str
    title: str
    author: str
    licence: str
    origin: str
    source: str


def iterate_trained_on(paths: Sequence[Path], spill_dir: Path) -> Iterator[TrainedRecord]:
    """Yield the photographs of several tasks' lists, each once, by source and key.

    Args:
        paths: the lists.
        spill_dir: a folder of its own for what memory has no room for.

    Raises:
        DataError: a list is missing or broken.
        InputError: the disk has no room.
    """
    columns = list_columns(TrainedRecord)
    if not paths:
        return
    with open_database(spill_dir) as connection:
        for path in paths:
            with reading(path):
                check_columns(connection, path, columns)
        listed = " UNION ALL ".join(f"SELECT {', '.join(columns)} FROM {parquet(p)}" for p in paths)
        found = connection.execute(f"SELECT DISTINCT * FROM ({listed}) ORDER BY source, key")
        while rows := found.fetchmany(_ROWS_AT_ONCE):
            yield from (TrainedRecord(*row) for row in rows)
