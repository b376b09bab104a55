from __future__ import annotations

import numpy as np
import pytest
import skimage.data

from lienet.errors import InputError
from lienet.evaluation.optional.niqe_features import (
    describe_patches,
    fit_asymmetric_gaussian,
    normalise_contrast,
)
from lienet.images import Pixels

PHOTOGRAPH = np.ascontiguousarray(skimage.data.astronaut())


def draw(shape: float, left: float, right: float, num: int = 200_000) -> Pixels:
    """Draw from an asymmetric generalised Gaussian: |x / width|^shape is of a gamma's law."""
    generator = np.random.default_rng(7)
    sizes = generator.gamma(1 / shape, size=num) ** (1 / shape)
    is_right = generator.random(num) < right / (left + right)
    return np.where(is_right, right * sizes, -left * sizes)


def test_a_constant_image_has_no_contrast():
    normalised, deviation = normalise_contrast(np.full((20, 30), 77.0))
    assert not normalised.any()
    np.testing.assert_allclose(deviation, 0.0, atol=1e-5)


def test_a_single_bright_pixel_is_normalised_as_computed_by_hand():
    taps = np.exp(-0.5 * (np.arange(-3, 4) / (7 / 6)) ** 2)
    weight = (taps[3] / taps.sum()) ** 2
    luma = np.zeros((21, 21))
    luma[10, 10] = 100.0
    normalised, deviation = normalise_contrast(luma)
    expected = 100.0 * np.sqrt(weight - weight**2)
    assert deviation[10, 10] == pytest.approx(expected)
    assert normalised[10, 10] == pytest.approx((100.0 - 100.0 * weight) / (expected + 1.0))
    assert deviation[10, 14] == 0.0, "the window ends three pixels away"


@pytest.mark.parametrize(
    ("shape", "left", "right"), [(2.0, 1.0, 1.0), (0.8, 0.5, 1.2), (1.4, 2.0, 1.0), (4.0, 1.0, 1.5)]
)
def test_the_fit_recovers_what_samples_were_drawn_from(shape: float, left: float, right: float):
    found = fit_asymmetric_gaussian(draw(shape, left, right))
    np.testing.assert_allclose(found, (shape, left, right), rtol=0.02)


def test_rows_are_fitted_each_by_itself():
    rows = np.stack([draw(2.0, 1.0, 1.0, 5000), draw(0.8, 0.5, 1.2, 5000)])
    together = fit_asymmetric_gaussian(rows)
    for place, row in enumerate(rows):
        np.testing.assert_allclose([each[place] for each in together], fit_asymmetric_gaussian(row))


def test_each_whole_patch_has_36_features_and_the_rest_is_cut_off():
    found = describe_patches(PHOTOGRAPH[:300, :450])
    assert found.features.shape == (3 * 4, 36)
    np.testing.assert_array_equal(found.features, describe_patches(PHOTOGRAPH[:288, :384]).features)


def test_a_transposed_image_has_the_same_features_with_rows_and_columns_exchanged():
    square = PHOTOGRAPH[:192, :192]
    there = describe_patches(square).features.reshape(2, 2, 2, 18)
    back = describe_patches(np.ascontiguousarray(square.swapaxes(0, 1))).features
    order = [0, 1, *range(6, 10), *range(2, 6), *range(10, 18)]
    expected = there.swapaxes(0, 1)[..., order].reshape(4, 36)
    np.testing.assert_allclose(back, expected, rtol=1e-6, atol=1e-9)


def test_sharpness_is_that_of_the_patch():
    pixels = PHOTOGRAPH[:192, :192].copy()
    pixels[:96, :96] = pixels[:96, :96] // 32 + 100
    sharpness = describe_patches(pixels).sharpness
    whole = describe_patches(PHOTOGRAPH[:192, :192]).sharpness
    assert sharpness[0] < whole[0] / 4
    assert sharpness[3] == pytest.approx(whole[3], rel=0.01)  # its neighbours reach in


def test_flat_patches_are_left_out_and_what_is_left_is_as_it_was():
    pixels = PHOTOGRAPH[:192, :384].copy()
    pixels[:, :192] = 90
    found = describe_patches(pixels)
    # Of the four patches of one colour two have a neighbour that reaches into them.
    assert len(found.features) == len(found.sharpness) == 6
    np.testing.assert_allclose(
        found.features[[2, 5]], describe_patches(PHOTOGRAPH[:192, :384]).features[[3, 7]]
    )


@pytest.mark.parametrize(
    ("pixels", "said"),
    [
        (PHOTOGRAPH[:191, :300], r"NIQE needs 192 px on each side, got 300 x 191; leave it out"),
        (np.full((200, 200, 3), 9, np.uint8), "two patches that are not flat, got 0; leave it out"),
    ],
)
def test_what_is_too_small_or_flat_is_refused_in_one_line(pixels: Pixels, said: str):
    with pytest.raises(InputError, match=said):
        describe_patches(pixels)
