from __future__ import annotations

from pathlib import Path

import pytest

from lienet.errors import DataError
from lienet.manifests.parquet_rows import write_rows
from lienet.manifests.trained_on import TrainedRecord, iterate_trained_on


def record_of(key: str, source: str = "photos") -> TrainedRecord:
    return TrainedRecord(key, "a title", "an author", "CC0", "here", source)


def test_photographs_of_several_tasks_come_once_by_source_and_key(tmp_path: Path):
    paths = [tmp_path / name for name in ("one", "two", "none")]
    records = {key: record_of(key) for key in "abc"} | {"f": record_of("f", "faces")}
    write_rows(paths[0], [records[key] for key in "cf"], TrainedRecord)
    write_rows(paths[1], [records[key] for key in "abc"], TrainedRecord)
    write_rows(paths[2], [], TrainedRecord)
    found = list(iterate_trained_on(paths, tmp_path / "spill"))
    assert found == [records[key] for key in "fabc"]
    assert list(iterate_trained_on([], tmp_path / "spill")) == []
    assert sorted(tmp_path.iterdir()) == sorted(paths)


def test_a_list_that_is_missing_or_broken_is_named(tmp_path: Path):
    path = tmp_path / "list.parquet"
    with pytest.raises(DataError, match=r"there is no manifest at .*list\.parquet"):
        next(iterate_trained_on([path], tmp_path / "spill"))
    write_rows(path, [record_of("a")], TrainedRecord)
    path.write_bytes(path.read_bytes()[:100])
    with pytest.raises(DataError, match=r"list\.parquet is not a whole manifest"):
        next(iterate_trained_on([path], tmp_path / "spill"))
