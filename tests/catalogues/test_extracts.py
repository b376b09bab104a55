"""A list is fetched once for all that is kept of it, and again only when that must be made anew."""

from __future__ import annotations

from pathlib import Path

import pyarrow.parquet as pq
import pytest

from lienet.catalogues.csv_lists import must_be_known, must_be_number
from lienet.catalogues.extracts import Extract, keep_extracts
from lienet.errors import DataError
from tests.catalogues.bucket import Bucket, make_depot


def extract_count(name: str, **made_from: object) -> Extract:
    return Extract(
        name, made_from, ("a",), (must_be_number("a"),), "SELECT count(*) AS n FROM listed"
    )


def keep(bucket: Bucket, tmp_path: Path, *extracts: Extract) -> list[Path]:
    return keep_extracts(f"{bucket.url}/list.csv", "list.csv", extracts, make_depot(tmp_path))


def test_one_fetch_serves_all_extracts_and_leaves_them_alone(bucket: Bucket, tmp_path: Path):
    bucket.files["list.csv"] = b"a\n1\n"
    paths = keep(bucket, tmp_path, extract_count("one"), extract_count("two"))
    assert [path.name for path in paths] == ["one.parquet", "two.parquet"]
    assert [pq.read_table(path).to_pylist() for path in paths] == [[{"n": 1}]] * 2
    assert not (make_depot(tmp_path).lists_dir / "list.csv").exists()
    bucket.files.clear()
    assert keep(bucket, tmp_path, extract_count("two")) == paths[1:]
    assert keep(bucket, tmp_path, extract_count("one"), extract_count("two")) == paths
    assert bucket.asked["list.csv"] == 1


@pytest.mark.parametrize("change", ["made_from", "url", "cut"])
def test_only_what_changed_is_made_anew(bucket: Bucket, tmp_path: Path, change: str):
    bucket.files["list.csv"] = bucket.files["other.csv"] = b"a\n1\n"
    one, two = keep(bucket, tmp_path, extract_count("one"), extract_count("two"))
    whole = two.read_bytes()
    bucket.files["list.csv"] = b"a\n1\n2\n"
    if change == "made_from":
        keep(bucket, tmp_path, extract_count("one"), extract_count("two", least=1))
    elif change == "url":
        url = f"{bucket.url}/other.csv"
        keep_extracts(url, "list.csv", [extract_count("two")], make_depot(tmp_path))
    else:
        two.write_bytes(whole[: len(whole) // 2])
        keep(bucket, tmp_path, extract_count("one"), extract_count("two"))
    assert pq.read_table(one).to_pylist() == [{"n": 1}]
    assert pq.read_table(two).to_pylist() == [{"n": 1 if change == "url" else 2}]
    assert two.read_bytes() != whole


def test_a_wrong_list_stays_to_be_corrected_and_nothing_is_half_kept(
    bucket: Bucket, tmp_path: Path
):
    bucket.files["list.csv"] = b"a\n1\n"
    refused = Extract("two", {}, ("a",), (must_be_known("a", "2"),), "FROM listed")
    with pytest.raises(DataError, match=r"line 2 of .*list.csv has a '1'"):
        keep(bucket, tmp_path, extract_count("one"), refused)
    lists_dir = make_depot(tmp_path).lists_dir
    assert (lists_dir / "list.csv").is_file()
    assert [path.name for path in lists_dir.glob("*.parquet*")] == ["one.parquet"]
    keep(bucket, tmp_path, extract_count("one"), extract_count("two"))
    assert bucket.asked["list.csv"] == 1
