"""A list is fetched once for all that is kept of it, and again only when that must be made anew."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from lienet.catalogues.extracts import Extract, keep_extracts
from lienet.errors import DataError
from tests.catalogues.bucket import Bucket, make_depot

SCHEMA = pa.schema([("length", pa.int64())])


def extract_length(name: str, **made_from: object) -> Extract:
    def read(path: Path) -> Iterator[pa.RecordBatch]:
        lengths = pa.array([len(path.read_bytes())], pa.int64())
        yield pa.record_batch([lengths], schema=SCHEMA)

    return Extract(name, made_from, read, SCHEMA)


def keep(bucket: Bucket, tmp_path: Path, *extracts: Extract) -> list[Path]:
    return keep_extracts(f"{bucket.url}/list.csv", "list.csv", extracts, make_depot(tmp_path))


def test_one_fetch_serves_all_extracts_and_leaves_them_alone(bucket: Bucket, tmp_path: Path):
    bucket.files["list.csv"] = b"a\n1\n"
    paths = keep(bucket, tmp_path, extract_length("one"), extract_length("two"))
    assert [path.name for path in paths] == ["one.parquet", "two.parquet"]
    assert [pq.read_table(path).to_pylist() for path in paths] == [[{"length": 4}]] * 2
    assert not (make_depot(tmp_path).lists_dir / "list.csv").exists()
    bucket.files.clear()
    assert keep(bucket, tmp_path, extract_length("two")) == paths[1:]
    assert keep(bucket, tmp_path, extract_length("one"), extract_length("two")) == paths
    assert bucket.asked["list.csv"] == 1


@pytest.mark.parametrize("change", ["made_from", "url", "cut"])
def test_only_what_changed_is_made_anew(bucket: Bucket, tmp_path: Path, change: str):
    bucket.files["list.csv"] = bucket.files["other.csv"] = b"a\n1\n"
    one, two = keep(bucket, tmp_path, extract_length("one"), extract_length("two"))
    whole = two.read_bytes()
    bucket.files["list.csv"] = b"a\n1\n2\n"
    if change == "made_from":
        keep(bucket, tmp_path, extract_length("one"), extract_length("two", least=1))
    elif change == "url":
        url = f"{bucket.url}/other.csv"
        keep_extracts(url, "list.csv", [extract_length("two")], make_depot(tmp_path))
    else:
        two.write_bytes(whole[: len(whole) // 2])
        keep(bucket, tmp_path, extract_length("one"), extract_length("two"))
    assert pq.read_table(one).to_pylist() == [{"length": 4}]
    assert pq.read_table(two).to_pylist() == [{"length": 4 if change == "url" else 6}]
    assert two.read_bytes() != whole


def test_a_wrong_list_stays_to_be_corrected_and_nothing_is_half_kept(
    bucket: Bucket, tmp_path: Path
):
    def refuse(path: Path) -> Iterator[pa.RecordBatch]:
        yield pa.record_batch([pa.array([1], pa.int64())], schema=SCHEMA)
        raise DataError(f"line 2 of {path} is wrong")

    bucket.files["list.csv"] = b"a\n1\n"
    with pytest.raises(DataError, match=r"line 2 of .*list.csv is wrong"):
        keep(bucket, tmp_path, extract_length("one"), Extract("two", {}, refuse, SCHEMA))
    lists_dir = make_depot(tmp_path).lists_dir
    assert (lists_dir / "list.csv").is_file()
    assert [path.name for path in lists_dir.glob("*.parquet*")] == ["one.parquet"]
    keep(bucket, tmp_path, extract_length("one"), extract_length("two"))
    assert bucket.asked["list.csv"] == 1
