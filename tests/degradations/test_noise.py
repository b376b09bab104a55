"""The estimate of noise: right for white noise, and blind to shading."""

from __future__ import annotations

import numpy as np
import pytest

from lienet.degradations.noise import estimate_sigma, halve

WHITE = np.random.default_rng(0).standard_normal((300, 301))


@pytest.mark.parametrize("sigma", [0.01, 5.0])
def test_white_noise_is_measured_in_the_units_of_the_plane(sigma: float):
    assert estimate_sigma(sigma * WHITE) == pytest.approx(sigma, rel=0.03)


def test_shading_and_flat_planes_have_no_noise():
    ramp = np.add.outer(3.0 * np.arange(64), 2.0 * np.arange(80))
    assert estimate_sigma(ramp) < 1e-3
    assert estimate_sigma(np.full((16, 16), 7.0)) < 1e-6
    assert estimate_sigma(ramp[:80, :80] + WHITE[:64, :80]) == pytest.approx(1.0, rel=0.05)


def test_clipped_areas_do_not_count():
    plane = WHITE.copy()
    plane[:150] = 0.0
    assert estimate_sigma(plane) == pytest.approx(1.0, rel=0.05)


def test_half_of_white_noise_is_left_at_half_the_size():
    assert halve(np.arange(15.0).reshape(3, 5)).tolist() == [[3.0, 5.0]]
    assert estimate_sigma(halve(WHITE)) == pytest.approx(0.5, rel=0.05)
