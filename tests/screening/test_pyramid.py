from __future__ import annotations

import numpy as np
import pytest

from lienet.screening.pyramid import Pyramid


def _ramp(height: int, width: int) -> np.ndarray:
    across = np.linspace(0, 255, width).astype(np.uint8)
    return np.repeat(np.tile(across, (height, 1))[..., None], 3, axis=2)


@pytest.mark.parametrize(
    ("shape", "side_px", "expected"),
    [
        ((100, 50, 3), 200, (200, 100, 3)),
        ((30, 60, 3), 20, (10, 20, 3)),
        ((1, 5000, 3), 160, (1, 160, 3)),
        ((64, 64, 3), 64, (64, 64, 3)),
        ((1023, 2047, 3), 100, (50, 100, 3)),
    ],
)
def test_resizing_keeps_the_shape(shape: tuple[int, ...], side_px: int, expected):
    assert Pyramid(np.zeros(shape, np.uint8)).resize_longest(side_px).shape == expected


def test_a_half_is_the_mean_of_four():
    pixels = np.array([[0, 10, 100, 100], [20, 30, 100, 100]], np.uint8)[..., None].repeat(3, 2)
    assert Pyramid(pixels).resize(1, 2)[0, :, 0].tolist() == [15, 100]


def test_result_does_not_depend_on_sizes_asked_for_before():
    pixels = np.random.default_rng(0).integers(0, 256, (301, 403, 3), np.uint8)
    used = Pyramid(pixels)
    for size in ((20, 30), (150, 201), (75, 100), (301, 403), (290, 400)):
        assert np.array_equal(used.resize(*size), Pyramid(pixels).resize(*size))


def test_a_ramp_stays_one_at_any_size():
    for width in (37, 100, 333, 900):
        row = Pyramid(_ramp(40, 1000)).resize(20, width)[5, :, 0].astype(float)
        expected = (np.arange(width) + 0.5) / width * 255
        assert np.abs(row - expected).max() < 4


def test_the_smallest_level_keeps_its_shorter_side():
    assert Pyramid(_ramp(512, 800)).shrink_to(64).shape == (64, 100, 3)
    assert Pyramid(_ramp(40, 800)).shrink_to(64).shape == (40, 800, 3)
