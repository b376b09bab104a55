"""Rows come out by key, the same however they are cut, and nothing is left on the disk."""

from __future__ import annotations

import resource
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from lienet.errors import DataError, InputError
from lienet.manifests import columns, sorting
from lienet.manifests.columns import make_schema, write_rows
from lienet.manifests.sorting import merge_by_key, regroup, sorted_by_key


@dataclass(frozen=True)
class Row:
    key: str
    number: int


SCHEMA = make_schema(Row)


@pytest.fixture
def few_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Runs of seven rows, read three at a time."""
    monkeypatch.setattr(sorting, "_ROWS_OF_A_RUN", 7)
    monkeypatch.setattr(sorting, "_ROWS_OF_A_PIECE", 3)


def _table(keys: list[str]) -> pa.Table:
    return pa.table({"key": keys, "number": [len(key) for key in keys]}, schema=SCHEMA)


def _keys(tables: Iterator[pa.Table]) -> list[str]:
    return [key for table in tables for key in table.column("key").to_pylist()]


def _cut(keys: list[str], generator: np.random.Generator) -> list[pa.Table]:
    """Cut keys into tables of no to nine rows."""
    tables = []
    while keys:
        num_rows = int(generator.integers(0, 10))
        tables.append(_table(keys[:num_rows]))
        keys = keys[num_rows:]
    return tables


@pytest.mark.parametrize("num_rows", [0, 1, 6, 7, 8, 14, 15, 300])
@pytest.mark.parametrize("order", ["by key", "backwards", "at random", "nearly by key"])
@pytest.mark.usefixtures("few_at_once")
def test_rows_come_by_key_as_python_sorts_them(tmp_path: Path, num_rows: int, order: str):
    generator = np.random.default_rng(num_rows)
    letters = [*"aÀz_-", "é", "写", "\U0001f600"]
    expected = sorted({f"{letters[n % 8]}{n * 7919 % 100_003:06d}" for n in range(num_rows)})
    keys = list(expected)
    if order == "backwards":
        keys.reverse()
    if order == "at random":
        generator.shuffle(keys)
    if order == "nearly by key":  # some last ones come last, as purged photographs do
        keys = [key for key in keys if "5" not in key] + [key for key in keys if "5" in key]
    with sorted_by_key(_cut(keys, generator), SCHEMA, tmp_path / "rows") as tables:
        rows = [row for table in tables for row in table.to_pylist()]
    assert rows == [{"key": key, "number": len(key)} for key in expected]
    assert list(tmp_path.iterdir()) == []


@pytest.mark.usefixtures("few_at_once")
def test_the_bytes_of_a_file_are_those_of_rows_sorted_in_memory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(columns, "_ROWS_OF_A_GROUP", 16)
    monkeypatch.setattr(columns, "_ROWS_AT_ONCE", 5)
    rows = [Row(f"{number * 37 % 101:03d}", number) for number in range(101)]
    write_rows(tmp_path / "cut", iter(rows), Row)
    monkeypatch.setattr(sorting, "_ROWS_OF_A_RUN", 1_000)
    monkeypatch.setattr(columns, "_ROWS_AT_ONCE", 1_000)
    write_rows(tmp_path / "whole", sorted(rows, key=lambda row: row.key), Row)
    assert (tmp_path / "cut").read_bytes() == (tmp_path / "whole").read_bytes()


@pytest.mark.parametrize("places", [(0, 1), (0, 49), (6, 7), (13, 40)])
@pytest.mark.usefixtures("few_at_once")
def test_a_key_that_is_there_twice_is_found_wherever_it_stands(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, places: tuple[int, int]
):
    monkeypatch.setattr(columns, "_ROWS_OF_A_GROUP", 4)
    keys = [f"{number * 21 % 50:02d}" for number in range(50)]
    first, second = places
    keys[second] = keys[first]
    with pytest.raises(DataError, match=f"have the same key, got '{keys[first]}'"):
        write_rows(tmp_path / "rows", [Row(key, 0) for key in keys], Row)
    assert list(tmp_path.iterdir()) == []


def test_streams_are_merged_whatever_their_tables_and_few_of_them_are_held():
    asked: list[int] = []

    def stream(start: int) -> Iterator[pa.Table]:
        for place in range(20):
            asked.append(start)
            yield _table([f"{place:02d}{start}", f"{place:02d}{start}x"][: place % 3])

    merged = merge_by_key([stream(start) for start in range(5)])
    begun = _keys(iter([next(merged)]))
    assert len(asked) < 25
    alone = [_keys(stream(start)) for start in range(5)]
    assert begun + _keys(merged) == sorted(key for keys in alone for key in keys)
    assert list(merge_by_key([])) == []
    assert _keys(merge_by_key([iter([_table(["b"])]), iter([]), iter([_table(["a"])])])) == [
        "a",
        "b",
    ]


def test_tables_are_grouped_anew():
    tables = [_table(list("abc")), _table([]), _table(list("defgh")), _table(["i"])]
    assert [table.num_rows for table in regroup(tables, 4)] == [4, 4, 1]
    assert "".join(_keys(regroup(tables, 2))) == "abcdefghi"
    assert list(regroup([_table([])], 4)) == []


@pytest.mark.usefixtures("few_at_once")
def test_a_full_disk_is_one_clear_line_and_leaves_nothing(tmp_path: Path):
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    rows = [Row(f"{number:06d}", number) for number in range(2_000)]
    resource.setrlimit(resource.RLIMIT_FSIZE, (40_000, before[1]))
    try:
        with pytest.raises(
            InputError, match=r"cannot write .*rows: File too large; check the disk"
        ):
            write_rows(tmp_path / "rows", rows, Row)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert list(tmp_path.iterdir()) == []


def test_what_rows_are_made_of_keeps_its_own_errors(tmp_path: Path):
    def fail() -> Iterator[Row]:
        yield Row("a", 1)
        raise OSError("a photograph cannot be read")

    with pytest.raises(OSError, match=r"^a photograph cannot be read$"):
        write_rows(tmp_path / "rows", fail(), Row)
    assert list(tmp_path.iterdir()) == []


def test_nothing_is_left_of_a_run_that_was_killed(tmp_path: Path):
    code = (
        "import os, signal; from pathlib import Path\n"
        "from lienet.manifests.columns import write_rows\n"
        "from tests.manifests.test_sorting import Row\n"
        "def rows():\n"
        "    yield from (Row(f'{number:06d}', number) for number in range(20_000))\n"
        "    os.kill(os.getpid(), signal.SIGKILL)\n"
        f"write_rows(Path({str(tmp_path / 'rows')!r}), rows(), Row)"
    )
    ran = subprocess.run([sys.executable, "-c", code], check=False)
    assert ran.returncode == -9
    assert list(tmp_path.iterdir()) == []
