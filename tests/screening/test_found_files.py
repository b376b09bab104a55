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
        ("photos__d_txt", "unsupported_format"),
    ]
    assert records[0].path == "images/photos__a.png"
    assert [path.name for path in (tmp_path / "images").iterdir()] == ["photos__a.png"]
    assert (tmp_path / records[0].path).read_bytes() == large


def test_files_beside_photographs_change_neither_their_keys_nor_their_bytes(tmp_path: Path):
    def store(folder: Path, *names: str) -> dict[str, str]:
        (folder / "images").mkdir(parents=True)
        found = [find(folder, name, contents.get(name, b"<plist/>")) for name in names]
        rules = StoreRules("mine", max_pixels=10_000, min_side_px=32, folder=folder)
        records = store_photographs(iter(found), rules, 1)
        return {one.key: one.sha256 for one in records if one.status == "kept"}

    pictures = (np.full((40, 40, 3), value, np.uint8) for value in (1, 2))
    contents = dict(zip(("IMG_1.jpg", "IMG_2.png"), map(encode_png, pictures), strict=True))
    alone = store(tmp_path / "alone", "IMG_1.jpg", "IMG_2.png")
    beside = store(
        tmp_path / "beside", "IMG_1.AAE", "IMG_1.HEIC", "IMG_1.jpg", "IMG_2.CR2", "IMG_2.png"
    )
    assert alone == beside
    assert set(alone) == {"mine__img_1", "mine__img_2"}
