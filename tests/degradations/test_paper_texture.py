"""Reliefs have unit strength, the period and direction asked for; noise has its correlation."""

from __future__ import annotations

import numpy as np
import pytest

from lienet.degradations.paper_texture import correlated_noise, shade_paper
from lienet.errors import InputError

KINDS = ("smooth", "oriented", "cross_hatched")


def generator(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


def power_of(field: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the power spectrum with its vertical and horizontal frequencies, per pixel."""
    power = np.abs(np.fft.fft2(field)) ** 2
    vertical, horizontal = np.meshgrid(*map(np.fft.fftfreq, field.shape), indexing="ij")
    return power / power.sum(), vertical, horizontal


@pytest.mark.parametrize("kind", KINDS)
def test_shading_has_no_mean_and_unit_deviation(kind: str):
    shading = shade_paper((90, 121), kind=kind, period_px=6.5, generator=generator())
    assert shading.shape == (90, 121)
    assert shading.dtype == np.float32
    assert abs(shading.mean()) < 1e-4
    assert abs(shading.std() - 1.0) < 1e-4


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("period_px", [4.0, 9.0])
def test_the_spectrum_lies_about_the_period(kind: str, period_px: float):
    shading = shade_paper((256, 256), kind=kind, period_px=period_px, generator=generator(1))
    power, vertical, horizontal = power_of(shading)
    frequency = np.hypot(vertical, horizontal)
    assert (power * frequency).sum() == pytest.approx(1 / period_px, rel=0.2)
    near = power[(frequency > 0.5 / period_px) & (frequency < 1.6 / period_px)].sum()
    assert near > 0.75


def test_ridges_have_one_direction_hatching_two_and_bumps_none_but_the_light():
    """By the harmonics of direction: 2 for one axis, 4 for two at right angles."""
    harmonics = {}
    for kind in KINDS:
        shading = shade_paper((256, 256), kind=kind, period_px=6.0, generator=generator(2))
        power, vertical, horizontal = power_of(shading)
        direction = np.arctan2(vertical, horizontal)
        harmonics[kind] = [abs((power * np.exp(1j * n * direction)).sum()) for n in (2, 4)]
    assert harmonics["oriented"][0] > 0.9
    assert harmonics["cross_hatched"][0] < 0.3
    assert harmonics["cross_hatched"][1] > 0.8
    # Light along one axis gains as the cosine squared, which has 0.5 of harmonic 2 and no 4.
    assert harmonics["smooth"] == pytest.approx([0.5, 0.0], abs=0.15)


def test_noise_keeps_unit_variance_up_to_the_border_and_neighbours_resemble_each_other():
    noise = correlated_noise((400, 400), sigma_px=1.0, generator=generator(), num_channels=3)
    assert noise.shape == (400, 400, 3)
    assert noise.std() == pytest.approx(1.0, abs=0.02)
    assert noise[:4].std() == pytest.approx(1.0, abs=0.1)
    # White noise filtered by a Gaussian of sigma s has the correlation exp(-d^2 / (4 s^2)).
    one_apart = float((noise[:, 1:] * noise[:, :-1]).mean())
    assert one_apart == pytest.approx(np.exp(-0.25), abs=0.03)
    between_channels = float((noise[..., 0] * noise[..., 1]).mean())
    assert abs(between_channels) < 0.03
    white = correlated_noise((400, 400), sigma_px=0.0, generator=generator())
    assert abs(float((white[:, 1:] * white[:, :-1]).mean())) < 0.01


def test_the_generator_decides_everything():
    fields = [
        shade_paper((32, 32), kind="cross_hatched", period_px=5.0, generator=generator(seed))
        for seed in (3, 3, 4)
    ]
    assert np.array_equal(fields[0], fields[1])
    assert not np.array_equal(fields[0], fields[2])


@pytest.mark.parametrize("kind", KINDS)
def test_a_single_pixel_is_not_shaded(kind: str):
    assert shade_paper((1, 1), kind=kind, period_px=3.0, generator=generator()).tolist() == [[0.0]]


def test_a_period_that_no_picture_holds_is_refused():
    with pytest.raises(InputError, match=r"two pixels or more, got 1\.5"):
        shade_paper((8, 8), kind="oriented", period_px=1.5, generator=generator())
