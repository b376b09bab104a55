"""Databases keep to memory and their own folder, and are gone afterwards."""

from __future__ import annotations

from pathlib import Path

import duckdb
import numpy as np
import pytest

from lienet.database import append_rows, fetch_columns, open_database, parquet, quote
from lienet.errors import InputError


def test_rows_keep_their_order_and_come_back_as_arrays(tmp_path: Path):
    with open_database(tmp_path / "spill") as connection:
        connection.execute("CREATE TABLE numbers (n UBIGINT, share FLOAT)")
        append_rows(connection, "numbers", ((2**64 - 1 - n, n / 4) for n in range(3_000)))
        numbers, shares = fetch_columns(connection, "FROM numbers")
    assert (numbers.dtype, shares.dtype) == (np.uint64, np.float32)
    assert numbers.tolist() == [2**64 - 1 - n for n in range(3_000)]
    assert shares[-1] == 2_999 / 4
    assert list(tmp_path.iterdir()) == []


def test_what_a_killed_run_left_is_removed_and_nothing_stays(tmp_path: Path):
    spill_dir = tmp_path / "state" / "spill"
    spill_dir.mkdir(parents=True)
    (spill_dir / "left").touch()
    with open_database(spill_dir):
        assert not spill_dir.exists()
    with open_database(tmp_path / "not there yet" / "spill"):
        pass
    assert list(spill_dir.parent.iterdir()) == []


def test_no_extension_is_fetched():
    with open_database() as connection, pytest.raises(duckdb.Error, match="httpfs"):
        connection.execute("SELECT * FROM read_parquet('https://127.0.0.1:9/a.parquet')")


def test_a_disk_without_room_is_one_clear_line(tmp_path: Path):
    (tmp_path / "file").touch()
    message = r"cannot keep a table in .*: .*; check the disk"
    with pytest.raises(InputError, match=message), open_database(tmp_path / "spill") as connection:
        connection.execute(f"COPY (SELECT 1) TO {quote(str(tmp_path / 'file' / 'under'))}")


@pytest.mark.parametrize("name", ["it's", "[a-z]*?", "{a,b}", "key=1"])
def test_any_path_can_stand_in_a_query(tmp_path: Path, name: str):
    path = tmp_path / name / "one.parquet"
    path.parent.mkdir()
    with open_database() as connection:
        connection.execute(f"COPY (SELECT 7 AS n) TO {quote(str(path))} (FORMAT parquet)")
        assert connection.execute(f"FROM {parquet(path)}").fetchall() == [(7,)]
