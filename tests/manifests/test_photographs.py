"""Photographs in a folder and in a store: the same bytes by the same manifest."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from pathlib import Path

import pytest

from lienet.errors import DataError
from lienet.manifests.photographs import Photographs, move_photographs
from lienet.manifests.records import ImageRecord
from lienet.storage import Store
from tests.stages.studio import record_of

CONTENTS = {f"k{number}": bytes([number]) * 100 for number in range(4)}


def make_records(folder: Path) -> list[ImageRecord]:
    (folder / "images").mkdir(parents=True)
    records: list[ImageRecord] = []
    for key, content in CONTENTS.items():
        record = record_of(key, "train", sha256=hashlib.sha256(content).hexdigest())
        (folder / record.path).write_bytes(content)
        records.append(record)
    records[3] = replace(records[3], sha256="f" * 64, stored_sha256=records[3].sha256)
    refused = replace(records[0], key="r", path="", status="refused")
    return [*records, refused]


def test_without_a_store_all_stays_where_it_is(tmp_path: Path):
    records = make_records(tmp_path)
    assert list(move_photographs(records, tmp_path, None)) == records
    photographs = Photographs.find(tmp_path)
    assert photographs == Photographs(tmp_path, None)
    assert photographs.read("images/k2.png", "") == CONTENTS["k2"]
    with pytest.raises(OSError, match="No such file"):
        photographs.read("images/gone.png", "")


def test_in_a_store_the_folder_keeps_a_pointer_alone(tmp_path: Path):
    folder, store = tmp_path / "raw", Store(f"file://{tmp_path}/store")
    records = make_records(folder)
    assert list(move_photographs(records, folder, store)) == records
    assert [path.name for path in folder.rglob("*") if path.is_file()] == ["location.json"]
    photographs = Photographs.find(folder)
    assert photographs.store == store
    for record in records[:-1]:
        sha256 = record.stored_sha256 or record.sha256
        assert photographs.read(record.path, sha256) == CONTENTS[record.key]
    with pytest.raises(DataError, match="there is no file:"):
        photographs.read("images/k1.png", "0" * 64)


def test_a_source_that_breaks_off_leaves_no_pointer(tmp_path: Path):
    folder, store = tmp_path / "raw", Store(f"file://{tmp_path}/store")
    passed = move_photographs(make_records(folder), folder, store)
    next(passed)
    passed.close()  # type: ignore[attr-defined]
    assert not (folder / "location.json").exists()
