"""Bicubic resizing against MATLAB's own results, by hand, and against a dense second writing."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np
import pytest

from lienet.degradations.resize import resize_bicubic
from lienet.errors import InputError

Array = np.ndarray[Any, np.dtype[Any]]
GREY = np.array(
    [
        [116, 227, 153, 69, 146, 194, 59, 130, 139, 106],
        [2, 47, 137, 249, 90, 75, 16, 24, 158, 44],
        [155, 68, 46, 84, 166, 156, 69, 204, 32, 152],
        [71, 221, 137, 230, 210, 153, 192, 115, 30, 118],
        [107, 143, 108, 52, 51, 73, 101, 21, 175, 90],
        [54, 158, 143, 77, 26, 168, 113, 229, 165, 225],
        [9, 47, 133, 135, 130, 207, 236, 43, 19, 73],
        [129, 60, 59, 243, 64, 181, 249, 56, 32, 86],
    ],
    np.uint8,
)[:, :, None]
# What MATLAB's imresize(uint8(GREY), factor, "bicubic") returns, as recorded in the tests of GNU
# Octave's image package.
HALF_BY_MATLAB = [
    [105, 140, 126, 81, 109],
    [110, 134, 153, 114, 93],
    [108, 108, 94, 127, 146],
    [67, 126, 162, 149, 62],
]
THIRD_BY_MATLAB = [[115, 135, 97, 101], [113, 119, 124, 125], [81, 157, 118, 64]]


def resize_densely(image: Array, factor: Fraction) -> Array:
    """Resize by whole matrices, pixel by pixel, from the published description of imresize."""
    for _ in range(2):
        num_in = image.shape[0]
        num_out = -(-num_in * factor.numerator // factor.denominator)
        shrink = min(1.0, float(factor))
        matrix = np.zeros((num_out, num_in))
        for out in range(num_out):
            centre = (out + 0.5) / float(factor) - 0.5
            for tap in range(-5 * num_in, 6 * num_in):
                x = abs(centre - tap) * shrink
                weight = 0.0
                if x <= 1:
                    weight = 1.5 * x**3 - 2.5 * x**2 + 1
                elif x <= 2:
                    weight = -0.5 * x**3 + 2.5 * x**2 - 4 * x + 2
                inside = tap % (2 * num_in)
                matrix[out, inside if inside < num_in else 2 * num_in - 1 - inside] += weight
        matrix /= matrix.sum(axis=1, keepdims=True)
        image = np.einsum("oi,i...->o...", matrix, image).swapaxes(0, 1)
    return image


@pytest.mark.parametrize(
    ("factor", "expected"), [(Fraction(1, 2), HALF_BY_MATLAB), (Fraction(1, 3), THIRD_BY_MATLAB)]
)
def test_reductions_equal_those_of_matlab(factor: Fraction, expected: list[list[int]]):
    assert resize_bicubic(GREY, scale=factor)[:, :, 0].tolist() == expected


def test_an_impulse_gives_the_stretched_kernel():
    # Reduced by 4, output 2 lies at input 9.5; an impulse at 9 is 1/8 of the stretched kernel's
    # unit away: (1.5/512 - 2.5/64 + 1)/4 = 0.240966796875. Output 1 lies at 5.5, 7/8 away:
    # (1.5 * 343/512 - 2.5 * 49/64 + 1)/4 = 0.022705078125; output 3 at 13.5, 9/8 away:
    # (-0.5 * 729/512 + 2.5 * 81/64 - 4 * 9/8 + 2)/4 = -0.011962890625.
    line = np.zeros((1, 24, 1))
    line[0, 9] = 1.0
    reduced = resize_bicubic(line, scale=(1, 6))[0, :, 0]
    assert reduced[1:4] == pytest.approx([0.022705078125, 0.240966796875, -0.011962890625])
    assert abs(reduced.sum() * 4 - 1) < 0.05


def test_a_ramp_by_hand_with_its_mirrored_border():
    # Inside, a ramp is kept: output k of a reduction by 4 is the mean position 4k + 1.5.
    ramp = np.arange(32, dtype=np.float64)[None, :, None].repeat(4, axis=0)
    reduced = resize_bicubic(ramp, scale=Fraction(1, 4))[0, :, 0]
    assert reduced[2:6] == pytest.approx([9.5, 13.5, 17.5, 21.5], abs=1e-12)
    # The first output lies at 1.5: taps j = 0 to 7 at 2 + j and, mirrored, at 1, 0, 0, 1, ... 5,
    # weigh 987, 745, 399, 93, -49, -75, -45, -7 out of 4096, which makes 5028 + 542.
    assert reduced[0] == 5570 / 4096


def test_a_clamped_border_by_hand_and_the_inside_as_ever():
    ramp = np.arange(32, dtype=np.float64)[None, :, None].repeat(4, axis=0)
    mirrored = resize_bicubic(ramp, scale=Fraction(1, 4))[0, :, 0]
    clamped = resize_bicubic(ramp, scale=Fraction(1, 4), border="clamp")[0, :, 0]
    assert clamped[2:6] == pytest.approx(mirrored[2:6], abs=1e-12)
    # As above, but all taps beyond the border see 0: of the mirrored 542, the 987 at 1 is left and
    # what the mirror adds is gone, which makes 5028 + 987.
    assert clamped[0] == 6015 / 4096
    # At the other end it is the same seen from 31.
    assert clamped[-1] == pytest.approx(31 - 6015 / 4096, abs=1e-12)


@pytest.mark.parametrize(
    "factor", [Fraction(1, 4), Fraction(1, 2), Fraction(1, 3), Fraction(2), Fraction(4, 3)]
)
def test_any_factor_agrees_with_the_dense_writing(factor: Fraction):
    image = np.random.default_rng(0).random((19, 30, 3))
    expected = resize_densely(image, factor)
    assert resize_bicubic(image, scale=factor) == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize("factor", [Fraction(1, 4), Fraction(1, 2), Fraction(2), Fraction(4)])
def test_uint8_is_exact_by_factors_of_two_and_four(factor: Fraction):
    """Each pass in integers: 4096 times the weights are whole numbers."""
    image = np.random.default_rng(1).integers(0, 256, (64, 48, 3), dtype=np.uint8)
    expected = image
    for axis in (0, 1):
        unit = np.eye(image.shape[axis])[:, :, None]
        num_out = int(image.shape[axis] * factor)
        matrix = np.rint(resize_bicubic(unit, scale=(num_out, image.shape[axis]))[:, :, 0] * 4096)
        sums = np.tensordot(matrix.astype(np.int64), expected.astype(np.int64), (1, axis))
        expected = np.clip((sums + 2048) >> 12, 0, 255).astype(np.uint8)
        expected = np.moveaxis(expected, 0, axis)
    assert np.array_equal(resize_bicubic(image, scale=factor), expected)


def test_a_flat_image_stays_flat_and_its_type():
    for dtype in (np.uint8, np.float32, np.float64):
        flat = np.full((13, 9, 3), 77, dtype)
        resized = resize_bicubic(flat, scale=(5, 31))
        assert resized.shape == (5, 31, 3)
        assert resized.dtype == dtype
        assert resized == pytest.approx(77.0)


def test_mirroring_and_transposing_commute_with_resizing():
    image = np.random.default_rng(2).random((24, 16, 3))
    reduced = resize_bicubic(image, scale=Fraction(1, 4))
    assert resize_bicubic(image[::-1], scale=Fraction(1, 4)) == pytest.approx(reduced[::-1])
    transposed = resize_bicubic(image.swapaxes(0, 1), scale=Fraction(1, 4))
    assert transposed == pytest.approx(reduced.swapaxes(0, 1))


def test_the_same_size_is_the_same_image():
    assert np.array_equal(resize_bicubic(GREY, scale=1), GREY)


@pytest.mark.parametrize(
    ("shape", "scale"), [((4, 4), 2), ((0, 4, 3), 2), ((4, 4, 3), 0), ((4, 4, 3), (0, 4))]
)
def test_what_cannot_be_resized_is_refused(shape: tuple[int, ...], scale: Any):
    with pytest.raises(InputError):
        resize_bicubic(np.zeros(shape), scale=scale)
