from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from lienet.errors import InputError
from lienet.images import encode_png
from lienet.screening.image_files import list_images


def test_folders_give_their_images_sorted(tmp_path: Path):
    for name in ("b.png", "a.JPG", "sub/c.dat", "notes.txt", ".hidden/d.png"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        content = encode_png(np.zeros((4, 4, 3), np.uint8)) if name != "notes.txt" else b"words"
        (tmp_path / name).write_bytes(content)
    notes = tmp_path / "notes.txt"
    listed = list_images([notes, tmp_path])
    assert [path.name for path in listed] == ["notes.txt", "a.JPG", "b.png", "c.dat"]


def test_missing_paths_and_folders_without_images_are_errors(tmp_path: Path):
    with pytest.raises(InputError, match="there is no file or folder"):
        list_images([tmp_path / "none"])
    with pytest.raises(InputError, match="there is no image in"):
        list_images([tmp_path])
    for name in ("a.HEIC", "b.heic", "c.nef", "README"):
        (tmp_path / name).write_bytes(b"of another kind")
    with pytest.raises(InputError, match=r"got only 2 \.heic, 1 \.nef, 1 without a suffix"):
        list_images([tmp_path])


def test_files_of_other_kinds_are_counted_in_the_log(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
):
    caplog.set_level("INFO")
    for name in ("a.jpg", "b.nef", "c.NEF", ".hidden.nef"):
        (tmp_path / name).write_bytes(b"\xff\xd8\xff")
    (tmp_path / "b.nef").write_bytes(b"raw")
    assert list_images([tmp_path]) == [tmp_path / "a.jpg", tmp_path / "c.NEF"]
    assert f"{tmp_path}: passed over 1 .nef" in caplog.text


def test_linked_folders_are_entered_once_each(tmp_path: Path):
    photographs = tmp_path / "photographs"
    photographs.mkdir()
    (photographs / "a.jpg").write_bytes(b"")
    (photographs / "round").symlink_to(photographs)
    named = tmp_path / "named"
    named.mkdir()
    (named / "holiday").symlink_to(photographs)
    assert list_images([named]) == [named / "holiday" / "a.jpg"]
