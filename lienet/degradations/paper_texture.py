"""The texture of print paper: surfaces that shade a picture under a slanting light.

Owns three kinds of surface, each as the shading it throws: zero mean, unit standard deviation, so
that its strength is the caller's alone. Random numbers come in as a generator; what a surface does
to pixels is not its business.
"""

from __future__ import annotations

import math

import cv2
import numpy as np

from lienet.degradations.old_photo_params import TextureKind
from lienet.errors import InputError
from lienet.images import Pixels

_WOBBLE_PERIODS = 12
"""Lines wander over about this many of their periods."""
_WOBBLE_RAD = 0.9
"""Standard deviation of their phase; more would tear them apart."""
_WEAR_SHARE = 0.35
"""How much the height of the lines varies over the sheet."""
_SECOND_HARMONIC = 0.35
"""Ridges are narrower than valleys; in finer lines than ``_FINE_PX`` pixels cannot show it."""
_FINE_PX = 5.0
_TRUNCATE = 3.0
_BUMP = math.gamma(2.5)


def shade_paper(
    size_px: tuple[int, int], *, kind: TextureKind, period_px: float, generator: np.random.Generator
) -> Pixels:
    """Draw a surface and return the light that it gains and loses.

    Lambert's law for low slopes: under a light from direction l, a surface of height h is brighter
    by the derivative of h along l. ``smooth`` is a random field in a band about the period (pearl
    or silk paper), ``oriented`` has ridges at an angle (linen), ``cross_hatched`` two sets of them
    at nearly right angles (canvas).

    Args:
        size_px: height and width.
        kind: the surface.
        period_px: from one ridge, or bump, to the next.
        generator: draws surface and light.

    Returns:
        ``(h, w)`` float32, mean 0 and standard deviation 1; zeros where one pixel is all there is.

    Raises:
        InputError: the period is shorter than two pixels, which no picture can hold.
    """
    if period_px < 2.0:
        raise InputError("the period of a texture is two pixels or more", got=period_px)
    angle = generator.uniform(0.0, math.pi)
    if kind == "smooth":
        shading = _shade_bumps(size_px, period_px, angle, generator)
    else:
        shading = _shade_ridges(size_px, period_px, angle, generator)
    if kind == "cross_hatched":
        across = angle + math.pi / 2 + generator.uniform(-0.2, 0.2)
        shading += _shade_ridges(size_px, period_px, across, generator)
    shading -= shading.mean(dtype=np.float64)
    deviation = float(shading.std(dtype=np.float64))
    return shading / np.float32(deviation) if deviation > 0.0 else shading


def correlated_noise(
    size_px: tuple[int, int],
    *,
    sigma_px: float,
    generator: np.random.Generator,
    num_channels: int = 1,
) -> Pixels:
    """Draw Gaussian noise of unit variance whose neighbours are correlated by a Gaussian.

    Args:
        size_px: height and width.
        sigma_px: sigma of the Gaussian that white noise is filtered by; 0 leaves it white.
        generator: draws the noise.
        num_channels: independent channels.

    Returns:
        ``(h, w, num_channels)`` float32; the variance is one up to the borders.
    """
    radius = math.ceil(_TRUNCATE * sigma_px)
    height_px, width_px = size_px
    shape = (height_px + 2 * radius, width_px + 2 * radius, num_channels)
    noise = generator.standard_normal(shape, np.float32)
    if not radius:
        return noise
    kernel = _gaussian(radius, sigma_px)
    kernel /= np.sqrt(np.square(kernel).sum())  # white noise of unit variance keeps it
    filtered = cv2.sepFilter2D(noise, -1, kernel, kernel)
    inside = filtered.reshape(shape)[radius:-radius, radius:-radius]
    return np.ascontiguousarray(inside)


def _gaussian(radius: int, sigma_px: float) -> Pixels:
    kernel: Pixels = cv2.getGaussianKernel(2 * radius + 1, sigma_px, cv2.CV_32F)
    return kernel


def _shade_bumps(
    size_px: tuple[int, int], period_px: float, angle: float, generator: np.random.Generator
) -> Pixels:
    """Filter noise by the derivative of a Gaussian along the light: a band about the period.

    Power at frequency f is f^2 exp(-(2 pi f sigma)^2), which in two dimensions has the mean
    frequency Gamma(5/2) / (2 pi sigma).
    """
    sigma_px = _BUMP * period_px / (2.0 * math.pi)
    heights = correlated_noise(
        (size_px[0] + 1, size_px[1] + 1), sigma_px=sigma_px, generator=generator
    )[..., 0]
    along_x = heights[1:, 1:] - heights[1:, :-1]
    along_y = heights[1:, 1:] - heights[:-1, 1:]
    shading: Pixels = np.float32(math.cos(angle)) * along_x + np.float32(math.sin(angle)) * along_y
    return shading


def _shade_ridges(
    size_px: tuple[int, int], period_px: float, angle: float, generator: np.random.Generator
) -> Pixels:
    """Return the slope of ridges that run across ``angle``, wander a little and are worn."""
    height_px, width_px = size_px
    wave = np.float32(2.0 * math.pi / period_px)
    phase = _slow_noise(size_px, period_px, generator) * np.float32(_WOBBLE_RAD)
    phase += (np.arange(width_px, dtype=np.float32) * (wave * np.float32(math.cos(angle))))[None]
    phase += (np.arange(height_px, dtype=np.float32) * (wave * np.float32(math.sin(angle))))[
        :, None
    ]
    wear = 1.0 + np.float32(_WEAR_SHARE) * _slow_noise(size_px, period_px, generator)
    shading = np.cos(phase)
    if period_px > _FINE_PX:
        shading += np.float32(_SECOND_HARMONIC) * np.sin(2.0 * phase)
    ridges: Pixels = shading * wear
    return ridges


def _slow_noise(
    size_px: tuple[int, int], period_px: float, generator: np.random.Generator
) -> Pixels:
    """Draw a field of about unit deviation that changes over many periods."""
    step_px = _WOBBLE_PERIODS * period_px
    coarse_px = tuple(math.ceil(side_px / step_px) + 3 for side_px in size_px)
    coarse = generator.standard_normal(coarse_px, np.float32)
    enlarged_px = (round(coarse_px[1] * step_px), round(coarse_px[0] * step_px))
    return _enlarge(coarse, enlarged_px, size_px)


def _enlarge(coarse: Pixels, enlarged_px: tuple[int, int], size_px: tuple[int, int]) -> Pixels:
    """Enlarge by cubic interpolation and cut out of the middle, away from the borders."""
    enlarged = cv2.resize(coarse, enlarged_px, interpolation=cv2.INTER_CUBIC)
    top, left = (enlarged.shape[0] - size_px[0]) // 2, (enlarged.shape[1] - size_px[1]) // 2
    return enlarged[top : top + size_px[0], left : left + size_px[1]]
