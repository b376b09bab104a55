from __future__ import annotations

import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest

from lienet.errors import DataError
from lienet.manifests import columns
from lienet.manifests.columns import (
    make_schema,
    read_columns,
    to_column,
    write_rows,
)


@dataclass(frozen=True)
class Row:
    key: str
    number: int
    share: float
    words: tuple[str, ...]


ROWS = [Row("b", 2, 0.5, ("x", "y")), Row("a", 1, 0.25, ())]


def _write(path: Path, rows: list[Row]) -> None:
    write_rows(path, rows, Row)


def test_rows_come_back_by_key_and_in_slices(tmp_path: Path):
    path = tmp_path / "rows.parquet"
    _write(path, ROWS)
    first, second = read_columns(path, ["words", "key"], Row, rows_at_once=1)
    assert first.to_pylist() == [{"words": [], "key": "a"}]
    assert second.to_pylist() == [{"words": ["x", "y"], "key": "b"}]
    assert first.schema.names == ["words", "key"]


def test_no_rows_are_a_file_with_every_column(tmp_path: Path):
    path = tmp_path / "rows.parquet"
    _write(path, [])
    (table,) = read_columns(path, ["key", "share"], Row)
    assert (table.num_rows, table.schema.names) == (0, ["key", "share"])
    assert not any(one.nullable for one in make_schema(Row))


def test_a_key_that_is_there_twice_leaves_the_last_file(tmp_path: Path):
    path = tmp_path / "rows.parquet"
    _write(path, ROWS)
    before = path.read_bytes()
    with pytest.raises(DataError, match="have the same key, got 'a'"):
        _write(path, [*ROWS, ROWS[1]])
    assert path.read_bytes() == before


def test_many_rows_lie_in_groups_and_in_order(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(columns, "_ROWS_OF_A_GROUP", 4)
    path = tmp_path / "rows.parquet"
    _write(path, [Row(f"{n * 7 % 11:02d}", n, 0.0, ()) for n in range(11)])
    assert pq.ParquetFile(path).num_row_groups == 3
    (table,) = read_columns(path, ["key"], Row, rows_at_once=11)
    assert table.column("key").to_pylist() == [f"{n:02d}" for n in range(11)]


@pytest.mark.parametrize("kind", [np.int8, np.int64, np.uint64])
def test_integers_become_a_column_of_their_kind(kind: type):
    values = np.array([3, 0, 7, 1], kind)[::2]
    column = to_column(values)
    assert column.to_pylist() == [3, 7]
    assert str(column.type) == np.dtype(kind).name


def test_no_pandas_is_imported_for_it():
    code = (
        "import sys, numpy as np\n"
        "from lienet.manifests.columns import to_column\n"
        "to_column(np.arange(3))\n"
        "sys.exit('pandas' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
