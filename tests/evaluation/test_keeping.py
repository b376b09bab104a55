from __future__ import annotations

from pathlib import Path

import numpy as np

from lienet.evaluation.items import Item
from lienet.evaluation.keeping import ImageKeeper, keep_feature_map
from lienet.evaluation.scoring import EnhancedImage, Given


def make_image(
    key: str, test_set: str = "near", scale: int = 4, jpeg_quality: int | None = None
) -> EnhancedImage:
    pixels = np.zeros((8, 8, 3), np.uint8)
    given = Given(jpeg_quality)
    return EnhancedImage(scale, test_set, key, pixels, pixels, None, given)


def test_the_first_of_each_scale_and_set_are_kept(tmp_path: Path):
    keeper = ImageKeeper(tmp_path, 1)
    for image in (
        make_image("a"),
        make_image("a", scale=2),
        make_image("b"),
        make_image("c", "far"),
    ):
        keeper.keep(image)
    kept = sorted(path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*.png"))
    assert kept == ["x2/near/a.png", "x4/far/c.png", "x4/near/a.png"]


def test_as_many_are_kept_of_each_quality(tmp_path: Path):
    keeper = ImageKeeper(tmp_path, 1)
    for key in "ab":
        for quality in (10, 20):
            keeper.keep(make_image(f"{key}_q{quality}", jpeg_quality=quality))
    assert sorted(path.stem for path in tmp_path.rglob("*.png")) == ["a_q10", "a_q20"]


def test_the_very_first_image_is_remembered_even_where_none_is_kept(tmp_path: Path):
    keeper = ImageKeeper(tmp_path, 0)
    keeper.keep(first := make_image("a"))
    keeper.keep(make_image("b"))
    assert keeper.first is first
    assert not list(tmp_path.rglob("*.png"))


def test_a_method_without_a_network_keeps_no_feature_map(tmp_path: Path):
    item = Item(task="face", name="input", contenders={}, facts={}, network=None)
    keep_feature_map(item, make_image("a"), tmp_path, max_side_px=64)
    assert not list(tmp_path.iterdir())
