"""The input of super-resolution in one call, for tests that need one."""

from __future__ import annotations

from lienet.degradations.reductions import downsample
from lienet.images import Chroma, Pixels, encode_jpeg


def degrade_sr(pixels: Pixels, *, scale: int, jpeg_quality: int, jpeg_chroma: Chroma) -> bytes:
    """Reduce RGB uint8 whose sides are multiples of ``scale``, and store it as JPEG."""
    return encode_jpeg(downsample(pixels, scale=scale), quality=jpeg_quality, chroma=jpeg_chroma)
