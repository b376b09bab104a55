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
