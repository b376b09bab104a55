"""Rows come out by key, the same however they came in, and nothing is left on the disk."""

from __future__ import annotations

import resource
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from lienet.errors import DataError, InputError
from lienet.files import sha256_of_file
from lienet.manifests.parquet_rows import iterate_rows, write_rows


@dataclass(frozen=True)
class Row:
    key: str
    number: int
    share: float
    words: tuple[str, ...]


ROWS = [Row("b", 2, 0.1, ("x", "y")), Row("a", 2**40, 1e-300, ())]


def _make_rows(num_rows: int) -> list[Row]:
    letters = [*"aÀz_-", "é", "写", "\U0001f600"]
    keys = {f"{letters[n % 8]}{n * 7919 % 100_003:06d}" for n in range(num_rows)}
    return [Row(key, place, place / 7, (key,)) for place, key in enumerate(sorted(keys))]


def test_rows_come_back_by_key_as_they_were(tmp_path: Path):
    path = tmp_path / "rows.parquet"
    write_rows(path, ROWS, Row)
    assert list(iterate_rows(path, ["words", "share", "key", "number"])) == [
        ([], 1e-300, "a", 2**40),
        (["x", "y"], 0.1, "b", 2),
    ]
    assert list(iterate_rows(path, ["key"], where="number = 2")) == [("b",)]


def test_no_rows_are_a_file_with_every_column(tmp_path: Path):
    path = tmp_path / "rows.parquet"
    write_rows(path, [], Row)
    assert list(iterate_rows(path, ["key", "number", "share", "words"])) == []


@pytest.mark.parametrize("num_rows", [1, 2_047, 2_048, 2_049, 20_000])
def test_rows_are_sorted_as_python_sorts_and_their_order_does_not_tell(
    tmp_path: Path, num_rows: int
):
    rows = _make_rows(num_rows)
    write_rows(tmp_path / "sorted", rows, Row)
    shuffled = [rows[place] for place in np.random.default_rng(num_rows).permutation(num_rows)]
    write_rows(tmp_path / "shuffled", shuffled, Row)
    assert list(iterate_rows(tmp_path / "sorted", ["key", "number"])) == [
        (row.key, row.number) for row in rows
    ]
    assert sha256_of_file(tmp_path / "sorted") == sha256_of_file(tmp_path / "shuffled")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["shuffled", "sorted"]


def test_rows_that_memory_has_no_room_for_are_the_same_bytes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    rows = [Row(f"{n * 7919 % 200_000:06d}", n, 0.0, (f"{n}" * 20,)) for n in range(200_000)]
    write_rows(tmp_path / "whole", rows, Row)
    spilled = []

    def shuffle() -> Iterator[Row]:
        yield from reversed(rows)
        spilled.extend((tmp_path / ".cut.spill.part").iterdir())

    monkeypatch.setitem(sys.modules["lienet.database"]._SETTINGS, "memory_limit", "32MB")
    write_rows(tmp_path / "cut", shuffle(), Row)
    assert spilled
    assert sha256_of_file(tmp_path / "cut") == sha256_of_file(tmp_path / "whole")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["cut", "whole"]


@pytest.mark.parametrize("places", [(0, 1), (0, 4_999), (2_047, 2_048)])
def test_a_key_that_is_there_twice_leaves_the_last_file(tmp_path: Path, places: tuple[int, int]):
    path = tmp_path / "rows.parquet"
    write_rows(path, ROWS, Row)
    before = path.read_bytes()
    keys = [f"{number * 21 % 5_000:04d}" for number in range(5_000)]
    keys[places[1]] = keys[places[0]]
    with pytest.raises(DataError, match=f"have the same key, got '{keys[places[0]]}'"):
        write_rows(path, [Row(key, 0, 0.0, ()) for key in keys], Row)
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]


def test_query_over_all_rows_decides_what_is_written(tmp_path: Path):
    path = tmp_path / "rows.parquet"
    query = "SELECT * REPLACE (number + 1 AS number) FROM gathered one WHERE key = 'b'"
    write_rows(path, ROWS, Row, finish=lambda connection: query)
    assert list(iterate_rows(path, ["key", "number"])) == [("b", 3)]


def test_a_full_disk_is_one_clear_line_and_leaves_nothing(tmp_path: Path):
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    rows = _make_rows(20_000)
    resource.setrlimit(resource.RLIMIT_FSIZE, (40_000, before[1]))
    try:
        with pytest.raises(InputError, match=r"cannot write .*rows: .*too large.*; check the disk"):
            write_rows(tmp_path / "rows", rows, Row)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert list(tmp_path.iterdir()) == []


def test_error_of_the_rows_source_is_passed_on(tmp_path: Path):
    def fail() -> Iterator[Row]:
        yield ROWS[0]
        raise OSError("a photograph cannot be read")

    with pytest.raises(InputError, match="a photograph cannot be read"):
        write_rows(tmp_path / "rows", fail(), Row)
    assert list(tmp_path.iterdir()) == []


def test_a_run_that_was_killed_leaves_no_file_and_the_next_one_cleans_up(tmp_path: Path):
    code = (
        "import os, signal; from pathlib import Path\n"
        "from lienet import database\n"
        "from lienet.manifests.parquet_rows import write_rows\n"
        "from tests.manifests.test_parquet_rows import Row\n"
        "database._SETTINGS['memory_limit'] = '32MB'\n"
        "def rows():\n"
        "    yield from (Row(f'{n:06d}', n, 0.0, (f'{n}' * 400,)) for n in range(20_000))\n"
        "    os.kill(os.getpid(), signal.SIGKILL)\n"
        f"write_rows(Path({str(tmp_path / 'rows')!r}), rows(), Row)"
    )
    ran = subprocess.run([sys.executable, "-c", code], check=False)
    assert ran.returncode == -9
    assert not (tmp_path / "rows").exists()
    assert (tmp_path / ".rows.spill.part").is_dir()
    write_rows(tmp_path / "rows", ROWS, Row)
    assert not (tmp_path / ".rows.spill.part").exists()


def test_paths_are_taken_as_they_are(tmp_path: Path):
    path = tmp_path / "it's [a-z] *" / "key=1" / "rows.parquet"
    write_rows(path, ROWS, Row)
    assert list(iterate_rows(path, ["key"])) == [("a",), ("b",)]
