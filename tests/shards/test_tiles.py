"""Where tiles lie, which are dropped, and that a tile is cut from the degraded whole."""

from __future__ import annotations

from fractions import Fraction
from functools import partial
from typing import Any

import numpy as np
import pytest

from lienet.degradations.face import FaceDegradation, degrade_face
from lienet.degradations.reductions import downsample
from lienet.degradations.resize import resize_bicubic
from lienet.degradations.sr import SrDegradation
from lienet.images import decode_image, encode_jpeg
from lienet.shards import tiles
from lienet.shards.tiles import is_flat, list_starts

PHOTO = np.random.default_rng(0).integers(0, 256, (203, 330, 3), dtype=np.uint8)


make_samples = partial(tiles.make_samples, seed=1)


def degradation(**changes: Any) -> SrDegradation:
    chosen: dict[str, Any] = {
        "kind": "sr",
        "sources": None,
        "scales": [2, 4],
        "jpeg_quality": 20,
        "jpeg_chroma": "4:2:0",
        "tile_px": 128,
        "tile_stride_px": 128,
        "flat_std_min": 4.0,
    }
    return SrDegradation.model_validate({**chosen, **changes})


@pytest.mark.parametrize(
    ("length_px", "stride_px", "places"),
    [
        (100, 40, [0, 40, 52]),
        (96, 48, [0, 48]),
        (97, 48, [0, 48, 49]),
        (48, 48, [0]),
        (30, 48, [0]),
    ],
)
def test_the_last_tile_ends_at_the_edge(length_px: int, stride_px: int, places: list[int]):
    assert list_starts(length_px, tile_px=48, stride_px=stride_px) == places


def test_a_training_tile_is_degraded_as_often_as_asked_each_time_by_draws_of_its_own():
    changes: dict[str, Any] = {
        "jpeg_quality": [10, 90],
        "test_jpeg_qualities": [20],
        "train_draws": 3,
    }
    made = make_samples(PHOTO, key="a", split="train", degradation=degradation(**changes), info={})
    assert [sample.key for sample in made[:4]] == ["a_0_0", "a_0_0_draw2", "a_0_0_draw3", "a_0_128"]
    assert len({sample.reference_png for sample in made[:3]}) == 1
    assert len({sample.degraded[4] for sample in made[:3]}) == 3
    for split in ("valid", "test"):
        measured = make_samples(
            PHOTO, key="a", split=split, degradation=degradation(**changes), info={}
        )
        assert not any("draw" in sample.key for sample in measured)


def test_flatness_is_the_deviation_of_luma():
    # Half black, half grey 10: luma deviates by 5. Half red 20: by 0.299 * 20 / 2 = 2.99.
    grey, red = np.zeros((2, 8, 8, 3), np.uint8)
    grey[:4], red[:4, :, 0] = 10, 20
    assert is_flat(grey, min_std=5.01)
    assert not is_flat(grey, min_std=4.99)
    assert is_flat(red, min_std=3.0)
    assert not is_flat(red, min_std=2.98)


def test_training_images_become_tiles_cut_from_the_degraded_whole():
    samples = make_samples(
        PHOTO, key="a", split="train", degradation=degradation(), info={"source": "s"}
    )
    # 203 x 330 is cropped to 200 x 328; the last row and column end there.
    places = [(top, left) for top in (0, 72) for left in (0, 128, 200)]
    assert [sample.key for sample in samples] == [f"a_{top}_{left}" for top, left in places]
    whole = {scale: downsample(PHOTO[:200, :328], scale=scale) for scale in (2, 4)}
    for sample, (top, left) in zip(samples, places, strict=True):
        reference = decode_image(sample.reference_png)
        assert np.array_equal(reference, PHOTO[top : top + 128, left : left + 128])
        for scale, reduced in whole.items():
            side, y, x = 128 // scale, top // scale, left // scale
            tile = np.ascontiguousarray(reduced[y : y + side, x : x + side])
            expected = encode_jpeg(tile, quality=20, chroma="4:2:0")
            assert sample.degraded[scale] == expected
        assert sample.info == {
            "source": "s",
            "top_px": top,
            "left_px": left,
            "height_px": 128,
            "width_px": 128,
        }


def test_test_images_stay_whole_but_for_the_crop():
    (sample,) = make_samples(PHOTO, key="a", split="test", degradation=degradation(), info={})
    assert sample.key == "a"
    assert np.array_equal(decode_image(sample.reference_png), PHOTO[:200, :328])
    assert decode_image(sample.degraded[4]).shape == (50, 82, 3)
    only_two = degradation(scales=[2])
    (sample,) = make_samples(PHOTO, key="a", split="test", degradation=only_two, info={})
    assert decode_image(sample.reference_png).shape == (202, 330, 3)
    assert list(sample.degraded) == [2]


def test_mixed_qualities_are_drawn_for_tiles_and_stated_for_test_images():
    mixed = degradation(jpeg_quality=[10, 60], test_jpeg_qualities=[20, 40])
    whole = downsample(PHOTO[:200, :328], scale=4)
    tests = make_samples(PHOTO, key="a", split="test", degradation=mixed, info={"image": "a"})
    assert [sample.key for sample in tests] == ["a_q20", "a_q40"]
    for sample, quality in zip(tests, (20, 40), strict=True):
        assert sample.degraded[4] == encode_jpeg(whole, quality=quality, chroma="4:2:0")
        assert (sample.info["image"], sample.info["jpeg_quality"]) == ("a", quality)
        assert np.array_equal(decode_image(sample.reference_png), PHOTO[:200, :328])
    for split in ("train", "valid"):
        tiles_of_split = make_samples(PHOTO, key="a", split=split, degradation=mixed, info={})
        drawn = {sample.key: sample.info["jpeg_quality"] for sample in tiles_of_split}
        assert len(drawn) == 6
        assert len({*drawn.values()}) > 1
        again = make_samples(PHOTO, key="a", split=split, degradation=mixed, info={})
        assert again == tiles_of_split


def test_faces_are_given_at_each_side_that_is_smaller_than_their_own():
    faces = FaceDegradation.model_validate(
        {
            "kind": "face",
            "sources": None,
            "factor": 4,
            "test_sides_px": [64, 128, 300],
            "tile_px": 64,
            "tile_stride_px": 64,
            "flat_std_min": 4.0,
        }
    )
    whole, small, middle = make_samples(PHOTO, key="a", split="test", degradation=faces, info={})
    assert [each.key for each in (whole, small, middle)] == ["a", "a_64px", "a_128px"]
    assert [each.info.get("side_px") for each in (whole, small, middle)] == [None, 64, 128]
    photograph = PHOTO[:200, :328]  # sides are multiples of 4
    for sample, side_px in ((small, 64), (middle, 128)):
        # 328 px are 104.96 and 209.92 px then, rounded up, and cropped to multiples of 4.
        reduced = resize_bicubic(photograph, scale=Fraction(side_px, 200))
        assert reduced.shape[:2] == (side_px, {64: 105, 128: 210}[side_px])
        reference = decode_image(sample.reference_png)
        assert np.array_equal(reference, reduced[:, : {64: 104, 128: 208}[side_px]])
        assert np.array_equal(decode_image(sample.degraded[1]), degrade_face(reference, factor=4))
    (tile, *_) = make_samples(PHOTO, key="a", split="train", degradation=faces, info={})
    assert tile.key == "a_0_0"
    assert "side_px" not in tile.info


def test_flat_tiles_are_dropped_from_training_alone():
    sky = PHOTO.copy()
    sky[:, :128] = 200
    numbers = {
        split: len(make_samples(sky, key="a", split=split, degradation=degradation(), info={}))
        for split in ("train", "valid", "test")
    }
    assert numbers == {"train": 4, "valid": 6, "test": 1}


@pytest.mark.parametrize(
    ("size", "sizes"), [((100, 330), [(100, 128)] * 3), ((66, 67), [(64, 64)]), ((63, 330), [])]
)
def test_small_images_give_one_row_or_nothing(size: tuple[int, int], sizes: list[tuple[int, int]]):
    small = PHOTO[: size[0], : size[1]]
    samples = make_samples(small, key="a", split="train", degradation=degradation(), info={})
    assert [decode_image(sample.reference_png).shape[:2] for sample in samples] == sizes
