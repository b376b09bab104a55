"""Perceptual hashes of 64 bits: pictures that look alike have hashes that differ in few bits.

Owns the hash of a picture. Hashes are exact integers; what is near to what is the concern of
:mod:`lienet.manifests.duplicates`.
"""

from __future__ import annotations

import cv2
import numpy as np

from lienet.images import Pixels
from lienet.screening.pyramid import Pyramid

HASH_INPUT_PX = 64
"""Shrunk so far and no farther, an image has the same hash, give or take a bit."""
_THUMBNAIL_PX = 32
_FREQUENCIES = 8
_MIN_DETAIL = 8.0
"""Coefficients below this are noise: a picture without one above it has no hash."""


def hash_picture(pixels: Pixels) -> int | None:
    """Return the perceptual hash of an image, or None for one without any detail.

    Luma of 32 × 32 pixels, its lowest 8 × 8 cosine frequencies; a bit tells whether one lies above
    their median. Scaling, recompression and changes of brightness hardly change it; mirroring,
    rotation and cropping do.

    Source: Zauner, "Implementation and benchmarking of perceptual image hash functions", 2010.

    Args:
        pixels: RGB uint8 HWC or grey uint8 HW, of any size.
    """
    small = cv2.resize(pixels, (_THUMBNAIL_PX, _THUMBNAIL_PX), interpolation=cv2.INTER_AREA)
    grey = cv2.cvtColor(small, cv2.COLOR_RGB2GRAY) if small.ndim == 3 else small
    low = cv2.dct(grey.astype(np.float32))[:_FREQUENCIES, :_FREQUENCIES].ravel()
    # Sixteenths: the last bits of a float may differ between processors.
    low = np.round(low * 16) / 16
    if float(np.abs(low[1:]).max()) < _MIN_DETAIL:
        return None
    bits = low > np.median(low[1:])
    return int.from_bytes(np.packbits(bits).tobytes(), "big")


def hash_image(pixels: Pixels) -> int | None:
    """Return :func:`hash_picture` of an image as the filter takes it: shrunk by halves first."""
    return hash_picture(Pyramid(pixels).shrink_to(HASH_INPUT_PX))


def format_hash(value: int | None) -> str:
    """Return a hash as a manifest holds it: 16 hex digits, or nothing."""
    return "" if value is None else f"{value:016x}"
