"""Rows and columns of Parquet files: dataclasses written as columns, columns read slice by slice.

Owns how manifests lie on the disk, whatever their rows mean: sorted by key, the same rows the same
bytes, cut-short files refused. However many rows there are, a slice of them is held as objects and
some thousand as columns.
"""

from __future__ import annotations

import io
import json
import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import fields
from itertools import islice
from operator import attrgetter
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from lienet.errors import DataError
from lienet.files import replacing
from lienet.manifests.sorting import regroup, sorted_by_key

if TYPE_CHECKING:
    import pyarrow as pa

os.environ.setdefault("ARROW_DEFAULT_MEMORY_POOL", "system")
"""Arrow's own allocator keeps what was freed, up to 20 MB; it is asked for before Arrow starts."""
REMEDY = "make it again with the stage that wrote it"
_ROWS_AT_ONCE = 500
"""Rows held as objects while a manifest is written or read."""
_ROWS_OF_A_GROUP = 2_000
"""Rows that lie together in a file, and are held as columns while they are written or read."""


def write_rows(path: Path, records: Iterable[Any], kind: type[Any]) -> None:
    """Write rows by their field ``key``, beside first, then renamed; the same rows, the same bytes.

    Raises:
        DataError: two rows have the same key.
        InputError: the disk has no room.
    """
    schema = make_schema(kind)
    with sorted_by_key(to_tables(records, kind), schema, path) as tables:
        write_sorted(path, tables, schema)


def write_sorted(path: Path, tables: Iterable[pa.Table], schema: pa.Schema) -> None:
    """Write tables whose rows are in order by key, as :func:`write_rows` does.

    Groups end after so many rows and their columns are whole, so that the bytes of the file do not
    depend on where the tables end.

    Raises:
        DataError: two rows have the same key.
        InputError: the disk has no room.
    """
    import pyarrow.parquet as pq

    with (
        replacing(path) as beside,
        pq.ParquetWriter(beside, schema, compression="zstd") as writer,
    ):
        for group in _check_keys(path, regroup(tables, _ROWS_OF_A_GROUP)):
            writer.write_table(group, row_group_size=_ROWS_OF_A_GROUP)


def to_tables(records: Iterable[Any], kind: type[Any]) -> Iterator[pa.Table]:
    """Gather rows into columns as they come, so that few rows are held as objects.

    By way of JSON, lines of many rows with a list for each column, for :func:`to_column`'s reason.
    """
    import pyarrow as pa
    import pyarrow.json as pj

    schema, remaining = make_schema(kind), iter(records)
    names = tuple(schema.names)
    values_of = attrgetter(*names)
    lists = pa.schema([pa.field(one.name, pa.list_(one.type)) for one in schema])
    while rows := list(islice(remaining, _ROWS_AT_ONCE)):
        columns = zip(*map(values_of, rows), strict=True)
        line = json.dumps(dict(zip(names, columns, strict=True))).encode()
        table = pj.read_json(
            io.BytesIO(line),
            read_options=pj.ReadOptions(use_threads=False, block_size=len(line) + 1),
            parse_options=pj.ParseOptions(explicit_schema=lists),
        )
        flat = [table.column(name).chunk(0).flatten() for name in names]
        yield pa.Table.from_arrays(flat, names=list(names)).cast(schema)


def _check_keys(path: Path, tables: Iterable[pa.Table]) -> Iterator[pa.Table]:
    """Pass tables on whose rows are in order, and refuse a key that is there twice."""
    import pyarrow.compute as pc

    before: str | None = None
    for table in tables:
        keys = table.column("key")
        again = keys.slice(1).filter(pc.equal(keys.slice(0, len(keys) - 1), keys.slice(1)))
        twice = keys.slice(0, 1) if keys[0].as_py() == before else again
        if len(twice):
            raise DataError(f"two images of {path} have the same key", got=repr(twice[0].as_py()))
        before = keys[-1].as_py()
        yield table


def read_columns(
    path: Path, names: Sequence[str], kind: type[Any], *, rows_at_once: int = _ROWS_AT_ONCE
) -> Iterator[pa.Table]:
    """Yield some columns of a manifest, so many rows at a time, in its order by key.

    Args:
        path: the manifest.
        names: fields of ``kind``, in the order wanted.
        kind: the form of the manifest.
        rows_at_once: rows of a table.

    Raises:
        DataError: the file is missing, cut short or lacks a column.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    schema = pa.schema([make_schema(kind).field(name) for name in names])
    try:
        with pq.ParquetFile(path) as stored:
            missing = sorted(set(names) - set(stored.schema_arrow.names))
            if missing:
                raise DataError(f"{path} lacks the columns {', '.join(missing)}", remedy=REMEDY)
            if not stored.metadata.num_rows:
                yield schema.empty_table()
            for batch in stored.iter_batches(rows_at_once, columns=list(names), use_threads=False):
                yield pa.Table.from_batches([batch]).select(list(names)).cast(schema)
    except FileNotFoundError:
        raise DataError(f"there is no manifest at {path}", remedy=REMEDY) from None
    except (pa.ArrowException, OSError, ValueError) as error:
        raise DataError(f"{path} is not a whole manifest: {error}", remedy=REMEDY) from error


def to_column(values: np.ndarray[Any, Any]) -> pa.Array:
    """Return integers as an Arrow array, without a copy.

    Not ``pa.array``: every constructor of arrays imports pandas, which takes half a second.
    """
    import pyarrow as pa

    whole = np.ascontiguousarray(values)
    kind = pa.from_numpy_dtype(whole.dtype)
    return pa.Array.from_buffers(kind, len(whole), [None, pa.py_buffer(whole)])


def make_schema(kind: type[Any]) -> pa.Schema:
    """Return the columns of a dataclass."""
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
