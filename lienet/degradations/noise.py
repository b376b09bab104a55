"""How noisy a picture looks, and what of correlated noise that estimate sees.

scikit-image's estimate looks at the finest wavelets, so it sees noise only as far as it changes
from pixel to pixel: of noise with correlated neighbours it reports less.
"""

from __future__ import annotations

import numpy as np

from lienet.images import Pixels


def estimate_sigma(plane: Pixels) -> float:
    """Estimate the standard deviation of a plane's noise, in the plane's units.

    Args:
        plane: ``(h, w)``, four pixels to a side or more.

    Returns:
        the estimate; 0 where there is no detail at all.

    Source: D. L. Donoho, I. M. Johnstone, "Ideal spatial adaptation by wavelet shrinkage", 1994.
    """
    from skimage.restoration import estimate_sigma as estimate  # seconds to import

    if plane.max() == plane.min():
        return 0.0
    return float(estimate(plane.astype(np.float32)))


def estimate_noise(pixels: Pixels) -> float:
    """Return the estimated noise of ``h w c`` in its units, the mean over channels."""
    planes = np.moveaxis(pixels, 2, 0)
    return float(np.mean([estimate_sigma(plane) for plane in planes]))


def halve(plane: Pixels) -> Pixels:
    """Average 2 x 2 pixels; an odd last row or column is left out."""
    height_px, width_px = (side_px // 2 * 2 for side_px in plane.shape)
    even = plane[:height_px, :width_px]
    halved: Pixels = (even[::2, ::2] + even[1::2, ::2] + even[::2, 1::2] + even[1::2, 1::2]) / 4
    return halved
