"""Super-resolution's inputs: sizes, the JPEG as it is stored, or none."""

from __future__ import annotations

import io
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from PIL import Image
from pydantic import ValidationError

from lienet.degradations.resize import resize_bicubic
from lienet.degradations.sr import SrDegradation
from lienet.draws import generators_of
from lienet.errors import InputError
from lienet.images import decode_image
from lienet.params.variants import Variant
from lienet.screening.quality import estimate_jpeg_quality
from tests.sr_inputs import degrade_sr

GRADIENT = np.add.outer(np.arange(96), np.arange(64))[:, :, None] + np.array([0, 20, 40])
PHOTO = GRADIENT.astype(np.uint8)
# The IJG luma table at quality 20 is the standard one times 5000/20/100 = 2.5, rounded: its first
# entry is 16 * 2.5 = 40.
FIRST_LUMA_STEP_AT_20 = 40
TASK: dict[str, Any] = {
    "kind": "sr",
    "sources": None,
    "tile_px": 64,
    "tile_stride_px": 64,
    "flat_std_min": 0.0,
    "scales": [2, 4],
    "jpeg_quality": 20,
    "jpeg_chroma": "4:2:0",
}
MIXED = {"jpeg_quality": [10, 60], "test_jpeg_qualities": [10, 35]}


def test_the_input_is_the_reduced_image_as_jpeg_at_that_quality_and_chroma():
    degradation = SrDegradation.model_validate(TASK)
    whole = degradation.degrade_whole(PHOTO)
    degraded = degradation.make_input(whole[4], generators_of(1, "sr", "a")).content
    with Image.open(io.BytesIO(degraded)) as image:
        assert image.format == "JPEG"
        assert image.size == (16, 24)
        assert image.quantization[0][0] == FIRST_LUMA_STEP_AT_20
        assert [layer[1:3] for layer in image.layer] == [(2, 2), (1, 1), (1, 1)]
    expected = io.BytesIO()
    reduced = resize_bicubic(PHOTO, scale=Fraction(1, 4))
    Image.fromarray(reduced).save(expected, "JPEG", quality=20, subsampling="4:2:0")
    assert degraded == expected.getvalue()


def test_every_scale_has_its_input():
    degradation = SrDegradation.model_validate(TASK)
    whole = degradation.degrade_whole(PHOTO)
    assert {scale: pixels.shape for scale, pixels in whole.items()} == {
        2: (48, 32, 3),
        4: (24, 16, 3),
    }
    made = degradation.make_input(whole[4], generators_of(1, "sr", "a"))
    assert made.content == degrade_sr(PHOTO, scale=4, jpeg_quality=20, jpeg_chroma="4:2:0")


def test_photographs_are_reduced_by_three_as_by_two_and_four():
    clean = {"jpeg_quality": None, "jpeg_chroma": None}
    degradation = SrDegradation.model_validate(TASK | clean | {"scales": [2, 3, 4]})
    assert degradation.find_multiple() == 12
    whole = degradation.degrade_whole(PHOTO[:, :60])
    assert {scale: pixels.shape for scale, pixels in whole.items()} == {
        2: (48, 30, 3),
        3: (32, 20, 3),
        4: (24, 15, 3),
    }
    assert np.array_equal(whole[3], resize_bicubic(PHOTO[:, :60], scale=Fraction(1, 3)))
    # GRADIENT grows by one a pixel each way: output (i, j) lies at (3i + 1, 3j + 1).
    assert whole[3][4, 5].tolist() == [13 + 16, 13 + 16 + 20, 13 + 16 + 40]


def test_inputs_without_a_jpeg_are_stored_without_loss():
    clean = SrDegradation.model_validate(TASK | {"jpeg_quality": None, "jpeg_chroma": None})
    whole = clean.degrade_whole(PHOTO)[2]
    made = clean.make_input(whole, generators_of(1, "sr", "a"))
    assert np.array_equal(decode_image(made.content), whole)
    assert clean.describe_jpeg() is None
    assert clean.describe(task="sr_clean", scale=3) == "antialiased bicubic ÷3"
    assert clean.describe(task="sr_clean", scale=2) == "antialiased bicubic ÷2"
    with pytest.raises(ValidationError, match="both given, or both null"):
        SrDegradation.model_validate(TASK | {"jpeg_quality": None})


def test_each_tile_draws_its_quality_from_a_range_and_keeps_it():
    mixed = SrDegradation.model_validate(TASK | MIXED)
    whole = mixed.degrade_whole(PHOTO)
    drawn = []
    for number in range(200):
        draw = generators_of(1, "sr", f"tile {number}")
        made = {scale: mixed.make_input(pixels, draw) for scale, pixels in whole.items()}
        quality = made[4].info["jpeg_quality"]
        assert made[2].info == {"jpeg_quality": quality}, "one for all scales"
        expected = degrade_sr(PHOTO, scale=4, jpeg_quality=quality, jpeg_chroma="4:2:0")
        assert made[4].content == expected
        drawn.append(quality)
    # Uniform draws from [10, 60] have mean 35 and deviation 14.4, that of 200 of them 1.02.
    assert 10 <= min(drawn) < 12
    assert 58 < max(drawn) <= 60
    assert sum(drawn) / 200 == pytest.approx(35, abs=3)
    assert mixed.describe_jpeg() is None
    assert mixed.describe(task="sr", scale=4) == (
        "antialiased bicubic ÷4, JPEG quality 10 to 60 with 4:2:0 chroma"
    )


def test_test_images_have_stated_qualities_whatever_is_drawn_for_training():
    mixed = SrDegradation.model_validate(TASK | MIXED)
    whole = mixed.degrade_whole(PHOTO)[4]
    for quality, each in zip((10, 35), mixed.list_variants(), strict=True):
        assert (each.ending, each.side_px) == (f"_q{quality}", None)
        variant = each.degradation
        made = variant.make_input(whole, generators_of(1, "sr", "a"))
        assert estimate_jpeg_quality(made.content) == quality
        assert made.info == {"jpeg_quality": quality}
        assert variant.describe_jpeg() == (quality, "4:2:0")
        assert f"JPEG quality {quality} with" in variant.describe(task="sr", scale=4)
    fixed = SrDegradation.model_validate(TASK)
    assert fixed.list_variants() == [Variant(fixed)]
    assert fixed.make_input(whole, generators_of(1, "sr", "a")).info == {}


def test_params_of_one_quality_are_written_as_they_always_were():
    assert SrDegradation.model_validate(TASK).model_dump(mode="json") == TASK
    dumped = SrDegradation.model_validate(TASK | MIXED).model_dump(mode="json")
    assert dumped == TASK | MIXED


def test_the_strength_of_a_range_runs_down_its_qualities():
    mixed = SrDegradation.model_validate(TASK | MIXED)
    whole = mixed.degrade_whole(PHOTO)[4]
    found = [
        mixed.at_strength(strength).make_input(whole, generators_of(1)).info["jpeg_quality"]
        for strength in (0.0, 0.5, 1.0)
    ]
    assert found == [60, 35, 10]
    with pytest.raises(InputError, match=r"in \[0, 1\], got 1.5"):
        mixed.at_strength(1.5)
    with pytest.raises(InputError, match=r"sr has no strength to choose, got 0\.5"):
        SrDegradation.model_validate(TASK).at_strength(0.5)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"jpeg_quality": [60, 10]}, r"a range \[low, high\] of them, low first, .*got \[60, 10\]"),
        ({"jpeg_quality": [0, 20]}, r"from 1 to 100, got \[0, 20\]"),
        ({"jpeg_quality": [10, 60], "test_jpeg_qualities": []}, "must say at which qualities"),
        ({"test_jpeg_qualities": [0]}, "greater than or equal to 1"),
        ({"test_jpeg_qualities": [10, 10]}, r"must differ, got \[10, 10\]"),
        (
            {"jpeg_quality": None, "jpeg_chroma": None, "test_jpeg_qualities": [10]},
            "are for inputs that are JPEG",
        ),
    ],
)
def test_qualities_that_do_not_fit_are_refused_in_one_line(changes: dict[str, Any], said: str):
    with pytest.raises(ValidationError, match=said) as caught:
        SrDegradation.model_validate(TASK | changes)
    assert caught.value.error_count() == 1
