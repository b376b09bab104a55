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
from lienet.manifests import columns
from lienet.manifests.columns import read_columns
from lienet.manifests.records import (
    FilterRecord,
    ImageRecord,
    change_filtered_rows,
    count_kept,
    iterate_manifest,
    read_filtered,
    read_filtered_keys,
    read_manifest,
    write_filtered,
    write_manifest,
)

KEPT = ImageRecord(
    key="holiday__beach",
    source="holiday",
    path="images/holiday__beach.jpg",
    sha256="ab" * 32,
    size_bytes=5_000_000_000,
    width_px=640,
    height_px=427,
    format="jpeg",
    licence="CC BY 4.0",
    author="Łucja Ōta",
    origin="photos/beach.JPG",
    split="auto",
    status="kept",
    reason="",
)
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


def test_pandas_is_not_imported(tmp_path: Path) -> None:
    code = (
        "import sys; from pathlib import Path; from lienet.manifests.records import *;"
        f"path = Path({str(tmp_path / 'manifest.parquet')!r});"
        "row = ImageRecord(*['x'] * 4, 1, 1, 1, *['x'] * 4, 'auto', 'kept', '');"
        "write_manifest(path, [row]); assert read_manifest(path) == [row];"
        "sys.exit('pandas' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_empty_cells_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "manifest.parquet"
    pq.write_table(pa.table({name: [None] for name in asdict(KEPT)}), path)
    with pytest.raises(DataError, match="is not a whole manifest"):
        read_manifest(path)


def test_a_manifest_written_slice_by_slice_has_the_bytes_of_one_written_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = [replace(KEPT, key=f"holiday__{number * 7 % 23:02d}") for number in range(23)]
    write_manifest(tmp_path / "whole.parquet", rows)
    monkeypatch.setattr(columns, "_ROWS_AT_ONCE", 4)
    write_manifest(tmp_path / "sliced.parquet", iter(rows))
    assert (tmp_path / "sliced.parquet").read_bytes() == (tmp_path / "whole.parquet").read_bytes()
    assert [row.key for row in iterate_manifest(tmp_path / "sliced.parquet")] == sorted(
        row.key for row in rows
    )
    with pytest.raises(DataError, match="have the same key, got 'holiday__07'"):
        write_manifest(tmp_path / "twice.parquet", [*rows, rows[1]])


def test_columns_are_read_some_rows_at_a_time_and_kept_rows_counted(tmp_path: Path) -> None:
    path = tmp_path / "manifest.parquet"
    write_manifest(path, [*(replace(KEPT, key=f"k{number}") for number in range(5)), REFUSED])
    tables = list(read_columns(path, ["width_px", "key"], ImageRecord, rows_at_once=4))
    assert [table.num_rows for table in tables] == [4, 2]
    assert tables[1].to_pylist() == [
        {"width_px": 640, "key": "k3"},
        {"width_px": 640, "key": "k4"},
    ]
    assert count_kept(path) == 5
    write_manifest(path, [])
    assert count_kept(path) == 0
    assert list(iterate_manifest(path)) == []


def test_some_rows_of_a_filtered_manifest_are_changed_wherever_slices_end(tmp_path: Path) -> None:
    path, rows = tmp_path / "manifest.parquet", [0, 499, 500, 1_199]
    records = [replace(JUDGED, key=f"k{number:04d}") for number in range(1_200)]
    write_filtered(path, records)
    change_filtered_rows(path, rows, lambda row, record: replace(record, duplicate_of=f"of {row}"))
    assert read_filtered(path) == [
        replace(record, duplicate_of=f"of {number}" if number in rows else "")
        for number, record in enumerate(records)
    ]
    assert read_filtered_keys(path, {500, 3, 499}) == {3: "k0003", 499: "k0499", 500: "k0500"}
    assert read_filtered_keys(path, ()) == {}
