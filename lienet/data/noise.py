"""How noisy a picture looks: Donoho and Johnstone's robust estimate from its finest wavelets.

The same estimate as ``skimage.restoration.estimate_sigma``, which needs PyWavelets for the one
subband that is computed here. It sees noise only as far as it changes from pixel to pixel: of noise
with correlated neighbours it reports less, which :func:`correlation_response` tells.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from lienet.images import Pixels

_ROOT3 = 3.0**0.5
_LOW_PASS = np.array([1 + _ROOT3, 3 + _ROOT3, 3 - _ROOT3, 1 - _ROOT3]) / (4 * 2.0**0.5)
_HIGH_PASS = _LOW_PASS[::-1] * np.array([1.0, -1.0, 1.0, -1.0])
"""Daubechies' wavelet with two vanishing moments; smooth shading leaves no trace in it."""
_NORMAL_QUARTILE = 0.6744897501960817
_SIMULATED_PX = 256


def estimate_sigma(plane: Pixels) -> float:
    """Estimate the standard deviation of a plane's noise, in the plane's units.

    The median of the absolute diagonal details over that of the standard normal distribution;
    details of exactly zero, as clipped areas have, do not count.

    Args:
        plane: ``(h, w)``, four pixels to a side or more.

    Returns:
        the estimate; 0 where there is no detail at all.

    Source: D. L. Donoho, I. M. Johnstone, "Ideal spatial adaptation by wavelet shrinkage", 1994.
    """
    details = _filter_rows(_filter_rows(plane.astype(np.float32)).T)
    details = np.abs(details[details != 0.0])
    return float(np.median(details)) / _NORMAL_QUARTILE if details.size else 0.0


def halve(plane: Pixels) -> Pixels:
    """Average 2 x 2 pixels; an odd last row or column is left out."""
    height_px, width_px = (side_px // 2 * 2 for side_px in plane.shape)
    even = plane[:height_px, :width_px]
    halved: Pixels = (even[::2, ::2] + even[1::2, ::2] + even[::2, 1::2] + even[1::2, 1::2]) / 4
    return halved


@lru_cache(maxsize=64)
def correlation_response(correlation_px: float) -> tuple[float, float]:
    """Return what is estimated of unit noise with so correlated neighbours.

    Args:
        correlation_px: sigma of the Gaussian that white noise was filtered by.

    Returns:
        the estimates at full and at half the size, by simulation; white noise gives 1 and 0.5.
    """
    from lienet.data.relief import correlated_noise

    noise = correlated_noise(
        (_SIMULATED_PX, _SIMULATED_PX),
        sigma_px=correlation_px,
        generator=np.random.default_rng(0),
    )[..., 0]
    return estimate_sigma(noise), estimate_sigma(halve(noise))


def _filter_rows(lines: Pixels) -> Pixels:
    """Apply the high-pass down the first axis and keep every second result."""
    count = (lines.shape[0] - len(_HIGH_PASS)) // 2 + 1
    taps = (
        np.float32(weight) * lines[offset : offset + 2 * count : 2]
        for offset, weight in enumerate(_HIGH_PASS)
    )
    filtered: Pixels = sum(taps, start=np.float32(0.0) * lines[:count])
    return filtered
