"""Files are stored under their keys or refused with a reason; the stage's test has every reason."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from lienet.catalogues.found import FoundFile
from lienet.images import encode_png
from lienet.screening.found_files import StoreRules, refuse_same_bytes, store_photographs


def find(folder: Path, name: str, content: bytes) -> FoundFile:
    path = folder / name
    path.write_bytes(content)
    return FoundFile(name, str(path), "CC0", "nobody", name, "auto")


def test_files_come_as_rows_in_their_order_and_photographs_are_stored_once(tmp_path: Path):
    (tmp_path / "images").mkdir()
    large, small = (encode_png(np.zeros((side, side, 3), np.uint8)) for side in (40, 20))
    found = [
        find(tmp_path, "a.png", large),
        find(tmp_path, "b.png", small),
        find(tmp_path, "c.png", large),
        find(tmp_path, "d.txt", b"words"),
    ]
    rules = StoreRules("photos", max_pixels=10_000, min_side_px=32, folder=tmp_path)
    records = list(refuse_same_bytes(store_photographs(iter(found), rules, 1), tmp_path))
    assert [(record.key, record.reason) for record in records] == [
        ("photos__a", ""),
        ("photos__b", "too_small"),
        ("photos__c", "duplicate"),
        ("photos__d", "unsupported_format"),
    ]
    assert records[0].path == "images/photos__a.png"
    assert [path.name for path in (tmp_path / "images").iterdir()] == ["photos__a.png"]
    assert (tmp_path / records[0].path).read_bytes() == large
