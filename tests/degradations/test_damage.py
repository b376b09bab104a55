"""Damage and lost quality: each step within its range, in an order by chance, identities exact."""

from __future__ import annotations

import math

import numpy as np
import pytest

from lienet.degradations.damage import STEPS, add_holes, add_scratches, damage, lose_quality
from lienet.degradations.scratched_photo import Structured, Unstructured
from lienet.draws import generators_of
from lienet.images import Pixels

UNSTRUCTURED = {
    "probability": 1.0,
    "noise_sigma": (0.0, 0.0),
    "blur_px": (1.0, 1.0),
    "kernel_px": (1,),
    "jpeg_quality": (100.0, 100.0),
    "jpeg_chroma": "4:4:4",
    "colour_shift": 0.0,
}
STRUCTURED = {
    "probability": 1.0,
    "num_scratches": (20.0, 20.0),
    "scratch_px": (1.0, 3.0),
    "opacity": (1.0, 1.0),
    "modes": ("lighten",),
    "hole_px": (6.0, 6.0),
    "hole_share": (0.2, 0.2),
}
DRAW = generators_of(7, "old_photo_scratched", "a")


def unstructured(**changes: object) -> Unstructured:
    return Unstructured.model_validate(UNSTRUCTURED | changes)


def structured(**changes: object) -> Structured:
    return Structured.model_validate(STRUCTURED | changes)


@pytest.fixture
def photograph() -> Pixels:
    """Smooth, away from black and white."""
    ramp = np.linspace(60, 180, 96)
    planes = [ramp[:, None] + 0.2 * ramp[None, ::sign] for sign in (1, -1, 1)]
    return np.stack(planes, axis=2).astype(np.uint8)


def apply(name: str, pixels: Pixels, **changes: object) -> Pixels:
    """One step, as floats."""
    return STEPS[name](pixels.astype(np.float32), unstructured(**changes), DRAW(name))


def test_what_never_happens_leaves_every_pixel(photograph: Pixels):
    assert np.array_equal(lose_quality(photograph, unstructured(probability=0.0), DRAW), photograph)
    assert np.array_equal(damage(photograph, structured(probability=0.0), DRAW), photograph)


@pytest.mark.parametrize("name", ["noise", "blur", "defocus", "colours"])
def test_the_identity_of_a_step_leaves_every_pixel(name: str, photograph: Pixels):
    assert np.array_equal(apply(name, photograph), photograph)


def test_noise_has_its_deviation(photograph: Pixels):
    noise = apply("noise", photograph, noise_sigma=(12.0, 12.0)) - photograph
    assert noise.std() == pytest.approx(12.0, rel=0.02)
    assert abs(noise.mean()) < 0.3


def test_a_colour_shift_is_one_number_for_each_channel_within_its_bound(photograph: Pixels):
    shift = apply("colours", photograph, colour_shift=20.0) - photograph
    assert shift.std(axis=(0, 1)).max() < 0.01
    values = shift[0, 0]
    assert len(set(values.tolist())) == 3
    assert np.abs(values).max() <= 20.0


def test_defocus_is_the_mean_of_a_box():
    point = np.zeros((5, 5, 3), np.uint8)
    point[2, 2] = 90
    found = apply("defocus", point, kernel_px=(3,))
    assert found[1:4, 1:4] == pytest.approx(10.0, abs=1e-3)
    assert found.sum() == pytest.approx(3 * 90, rel=1e-5)


def test_a_blur_is_a_gaussian_cut_off_at_its_kernel():
    """Of sigma 1 and a side of 3: exp(-1/2) beside 1, and nothing beyond."""
    point = np.zeros((7, 7, 3), np.uint8)
    point[3, 3] = 100
    row = apply("blur", point, kernel_px=(3,))[3, :, 0]
    beside = math.exp(-0.5)
    middle = 100.0 / (1.0 + 2.0 * beside) ** 2
    assert row == pytest.approx([0, 0, middle * beside, middle, middle * beside, 0, 0], abs=1e-3)


def test_compression_is_that_of_its_quality(photograph: Pixels):
    apart = [
        np.abs(apply("jpeg", photograph, jpeg_quality=(quality, quality)) - photograph).mean()
        for quality in (10.0, 95.0)
    ]
    assert 0.0 < apart[1] < apart[0]


def test_each_step_happens_as_often_as_its_probability_says(photograph: Pixels):
    """Of the steps with these params the shift alone changes a level by more than 4."""
    params = unstructured(probability=0.7, colour_shift=20.0)
    keys = [generators_of(7, "old_photo_scratched", str(key)) for key in range(300)]
    small = photograph[:8, :8]
    num_shifted = sum(
        np.abs(lose_quality(small, params, draw).astype(int) - small).max() > 4 for draw in keys
    )
    assert num_shifted / len(keys) == pytest.approx(0.7, abs=0.08)


def test_the_order_is_drawn(photograph: Pixels):
    """Noise before a blur is smoothed by it, noise after it is not: both come up."""
    params = unstructured(noise_sigma=(20.0, 20.0), blur_px=(2.0, 2.0), kernel_px=(7,))
    rough = []
    for key in range(12):
        found = lose_quality(photograph, params, generators_of(1, "kind", key)).astype(float)
        rough.append(np.abs(np.diff(found - photograph, axis=1)).mean())
    assert min(rough) < 4.0
    assert max(rough) > 12.0


def test_scratches_only_brighten_where_they_are(photograph: Pixels):
    before = photograph.astype(np.float32)
    after = add_scratches(before, structured(), DRAW("scratches"))
    assert (after >= before).all()
    assert 0.001 < (after > before + 1).any(axis=2).mean() < 0.3


def test_more_scratches_the_larger_the_photograph():
    black = np.zeros((128, 128, 3), np.float32)
    one, four = (
        add_scratches(np.tile(black, (times, times, 1)), structured(), DRAW("scratches"))
        for times in (1, 2)
    )
    assert four.astype(bool).sum() > 2 * one.astype(bool).sum()


def test_through_holes_one_sees_paper_and_elsewhere_the_photograph(photograph: Pixels):
    before = np.zeros_like(photograph, np.float32)
    after = add_holes(before, structured(), DRAW("holes"))
    is_torn = after.any(axis=2)
    assert is_torn.mean() == pytest.approx(0.2, abs=0.01)
    brightest = after.reshape(-1, 3).max(axis=0)
    assert (brightest > 140.0).all()
    assert (brightest < 265.0).all()


def test_the_same_sample_is_damaged_alike_and_another_is_not(photograph: Pixels):
    def age(key: str) -> Pixels:
        draw = generators_of(7, "old_photo_scratched", key)
        damaged = damage(photograph, structured(), draw)
        return lose_quality(damaged, unstructured(noise_sigma=(5.0, 50.0)), draw)

    assert np.array_equal(age("a"), age("a"))
    assert not np.array_equal(age("a"), age("b"))
