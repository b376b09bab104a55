"""Manifests keep every value, are the same bytes for the same rows, and refuse broken files."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import asdict, replace
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from lienet.errors import DataError
from lienet.manifests.records import (
    FilterRecord,
    count_kept,
    iterate_kept,
    read_filtered,
    read_manifest,
    write_filtered,
    write_manifest,
)
from tests.manifests.image_record import KEPT

REFUSED = replace(KEPT, key="holiday__a", path="", status="refused", reason="animated")
JUDGED = FilterRecord(
    **asdict(KEPT),
    verdict="refuse",
    reasons=("face", "text"),
    detector="yunet",
    score=0.875,
    boxes='[{"kind": "face"}]',
)


def test_rows_come_back_equal_and_sorted_by_key(tmp_path: Path) -> None:
    path = tmp_path / "manifest.parquet"
    write_manifest(path, iter([KEPT, REFUSED]))
    assert read_manifest(path) == [REFUSED, KEPT]


def test_columns_are_the_documented_ones(tmp_path: Path) -> None:
    path = tmp_path / "manifest.parquet"
    write_manifest(path, [KEPT])
    assert ",".join(pq.read_schema(path).names) == (
        "key,source,path,sha256,size_bytes,width_px,height_px,format,licence,author,origin,split,"
        "status,reason,title,stored_sha256,people"
    )


def test_filtered_rows_come_back_equal(tmp_path: Path) -> None:
    path = tmp_path / "manifest.parquet"
    kept = replace(JUDGED, key="b", verdict="keep", reasons=(), score=0.0, boxes="[]")
    write_filtered(path, [JUDGED, kept])
    assert read_filtered(path) == [kept, JUDGED]
    assert read_manifest(path)[1] == KEPT


def test_a_title_is_kept_where_it_is_known(tmp_path: Path) -> None:
    path = tmp_path / "manifest.parquet"
    titled = replace(KEPT, title='Größe "写真"')
    write_manifest(path, [titled, REFUSED])
    assert [record.title for record in read_manifest(path)] == ["", 'Größe "写真"']


def test_no_rows_are_legal(tmp_path: Path) -> None:
    path = tmp_path / "manifest.parquet"
    write_filtered(path, [])
    assert read_filtered(path) == []


def test_same_rows_in_any_order_are_the_same_bytes(tmp_path: Path) -> None:
    one, other = tmp_path / "one.parquet", tmp_path / "other.parquet"
    write_manifest(one, [KEPT, REFUSED])
    write_manifest(other, [REFUSED, KEPT])
    assert one.read_bytes() == other.read_bytes()


def test_same_key_twice_is_refused_and_nothing_is_written(tmp_path: Path) -> None:
    path = tmp_path / "manifest.parquet"
    with pytest.raises(DataError, match="'holiday__beach'"):
        write_manifest(path, [KEPT, replace(REFUSED, key=KEPT.key)])
    assert list(tmp_path.iterdir()) == []


def test_missing_file_names_itself(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"no manifest at .*absent\.parquet"):
        read_manifest(tmp_path / "absent.parquet")


@pytest.mark.parametrize("num_bytes", [0, 3, 100, -1])
def test_file_cut_short_names_itself(tmp_path: Path, num_bytes: int) -> None:
    path = tmp_path / "manifest.parquet"
    write_manifest(path, [KEPT])
    path.write_bytes(path.read_bytes()[:num_bytes])
    with pytest.raises(DataError, match=r"manifest\.parquet is not a whole manifest") as caught:
        read_manifest(path)
    assert "\n" not in str(caught.value)


def test_missing_columns_are_named(tmp_path: Path) -> None:
    path = tmp_path / "manifest.parquet"
    write_manifest(path, [KEPT])
    with pytest.raises(DataError, match=r"lacks the columns boxes, .*detector, .*reasons, score"):
        read_filtered(path)


def test_unknown_word_names_its_key(tmp_path: Path) -> None:
    path = tmp_path / "manifest.parquet"
    write_manifest(path, [replace(KEPT, split="holdout")])
    with pytest.raises(DataError, match=r"split of holiday__beach .* got 'holdout'"):
        read_manifest(path)


def test_empty_cells_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "manifest.parquet"
    pq.write_table(pa.table({name: [None] for name in asdict(KEPT)}), path)
    with pytest.raises(DataError, match="is not a whole manifest"):
        read_manifest(path)


def test_kept_rows_are_counted_and_gone_through_by_key(tmp_path: Path) -> None:
    path = tmp_path / "manifest.parquet"
    kept = [replace(KEPT, key=f"k{number:04d}") for number in range(1_200)]
    write_manifest(path, [*reversed(kept), REFUSED])
    assert count_kept(path) == 1_200
    assert list(iterate_kept(path)) == kept
    write_manifest(path, [])
    assert (count_kept(path), list(iterate_kept(path))) == (0, [])


def test_pandas_and_pyarrow_are_not_imported(tmp_path: Path) -> None:
    code = (
        "import sys; from pathlib import Path; from lienet.manifests.records import *;"
        f"path = Path({str(tmp_path / 'manifest.parquet')!r});"
        "row = ImageRecord(*['x'] * 4, 1, 1, 1, *['x'] * 4, 'auto', 'kept', '');"
        "write_manifest(path, [row]); assert read_manifest(path) == [row];"
        "sys.exit(bool({'pandas', 'pyarrow'} & set(sys.modules)))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
