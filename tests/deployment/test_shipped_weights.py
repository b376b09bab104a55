"""Networks that come along are found by task, scale and name, and believed by their hash alone."""

from __future__ import annotations

from pathlib import Path

import pytest

from lienet.deployment.shipped_weights import (
    SHIPPED_DIR,
    find_entry,
    locate_onnx,
    read_index,
    read_weights_card,
)
from lienet.errors import ModelError
from tests.enhancing.networks import ship


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    ship(tmp_path, "sr_lienet_x2", 2)
    ship(tmp_path, "sr_lienet_x4", 4)
    ship(tmp_path, "face_lienet_x1", 1, task="face", notice="not for sale")
    return tmp_path


def test_the_largest_scale_is_found_unless_one_is_named(folder: Path):
    assert find_entry("sr", folder=folder).name == "sr_lienet_x4"
    assert find_entry("sr", scale=2, folder=folder).name == "sr_lienet_x2"
    assert find_entry("sr", model="lienet", scale=2, folder=folder).name == "sr_lienet_x2"
    assert find_entry("sr", model="sr_lienet_x2", folder=folder).scale == 2


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"task": "sr", "scale": 3}, "no weights for sr x3 come with lienet"),
        ({"task": "sr", "model": "plain"}, "no weights for plain for sr come with lienet"),
        ({"task": "old_photo"}, "no weights for old_photo come with lienet"),
    ],
)
def test_what_is_not_there_is_one_line(folder: Path, asked: dict, said: str):
    with pytest.raises(ModelError, match=said):
        find_entry(**asked, folder=folder)


def test_a_card_tells_scores_in_words(folder: Path):
    card = read_weights_card(find_entry("face", folder=folder), folder)
    assert card.notice == "not for sale"
    assert card.list_scores() == [
        ("x2_luma, kodak24", "25.50 dB (+0.50 [+0.40, +0.60]), 0.7500, 20.0")
    ]


@pytest.mark.parametrize("suffix", ["onnx", "json"])
def test_a_changed_file_is_refused(folder: Path, suffix: str):
    path = folder / f"sr_lienet_x4.{suffix}"
    path.write_bytes(path.read_bytes() + b" ")
    entry = find_entry("sr", folder=folder)
    with pytest.raises(
        ModelError, match=rf"x4\.{suffix} is missing or damaged; install lienet anew"
    ):
        (locate_onnx if suffix == "onnx" else read_weights_card)(entry, folder)


def test_a_broken_index_is_refused(folder: Path):
    (folder / "index.json").write_text('{"weights": [{}]}')
    with pytest.raises(ModelError, match="is missing or broken"):
        read_index(folder)


def test_all_that_comes_along_is_whole_and_small():
    entries = read_index().weights
    for entry in entries:
        assert read_weights_card(entry).sha256["onnx"] == entry.sha256["onnx"]
        locate_onnx(entry)
    files = [path for path in SHIPPED_DIR.rglob("*") if path.is_file()]
    assert sum(path.stat().st_size for path in files if path.suffix != ".pyc") < 10_000_000
