"""Rows and columns of Parquet files: dataclasses written as columns, columns read slice by slice.

Owns how manifests lie on the disk, whatever their rows mean: sorted by key, the same rows the same
bytes, cut-short files refused. No more rows than a slice are ever held as objects.
"""

from __future__ import annotations

import io
import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import fields
from itertools import islice
from operator import attrgetter
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from lienet.errors import DataError
from lienet.files import replacing

if TYPE_CHECKING:
    import pyarrow as pa

REMEDY = "make it again with the stage that wrote it"
_ROWS_AT_ONCE = 2_000
"""Rows held as objects while a manifest is written or read."""
_ROWS_OF_A_GROUP = 2**17
"""Rows that lie together in a file."""


def to_table(records: Iterable[Any], kind: type[Any]) -> pa.Table:
    """Gather rows into columns as they come, so that no row is held as an object.

    By way of JSON, lines of many rows with a list for each column, for :func:`to_column`'s reason.
    """
    import pyarrow as pa
    import pyarrow.json as pj

    schema, remaining = make_schema(kind), iter(records)
    names = tuple(schema.names)
    values_of = attrgetter(*names)
    lists = pa.schema([pa.field(one.name, pa.list_(one.type)) for one in schema])
    tables = []
    while rows := list(islice(remaining, _ROWS_AT_ONCE)):
        columns = zip(*map(values_of, rows), strict=True)
        line = json.dumps(dict(zip(names, columns, strict=True))).encode()
        table = pj.read_json(
            io.BytesIO(line),
            read_options=pj.ReadOptions(use_threads=False, block_size=len(line) + 1),
            parse_options=pj.ParseOptions(explicit_schema=lists),
        )
        flat = [table.column(name).chunk(0).flatten() for name in names]
        tables.append(pa.Table.from_arrays(flat, names=list(names)).cast(schema))
    return pa.concat_tables(tables) if tables else schema.empty_table()


def write_table(path: Path, table: pa.Table) -> None:
    """Write a table by its column ``key``, beside first, then renamed.

    Some rows are put into order at a time, so that the table is never held twice.

    Raises:
        DataError: two rows have the same key.
    """
    import pyarrow.compute as pc
    import pyarrow.parquet as pq

    order = pc.sort_indices(table, sort_keys=[("key", "ascending")])
    _check_keys(path, table.column("key").take(order))
    with (
        replacing(path) as beside,
        pq.ParquetWriter(beside, table.schema, compression="zstd") as writer,
    ):
        for start in range(0, len(order), _ROWS_OF_A_GROUP):
            group = table.take(order.slice(start, _ROWS_OF_A_GROUP)).combine_chunks()
            writer.write_table(group, row_group_size=_ROWS_OF_A_GROUP)


def _check_keys(path: Path, keys: pa.ChunkedArray) -> None:
    """Refuse a key that is there twice, in a column that is sorted."""
    import pyarrow.compute as pc

    if len(keys) < 2:
        return
    again = keys.slice(1).filter(pc.equal(keys.slice(0, len(keys) - 1), keys.slice(1)))
    if len(again):
        raise DataError(f"two images of {path} have the same key", got=repr(again[0].as_py()))


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
            for batch in stored.iter_batches(rows_at_once, columns=list(names)):
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
