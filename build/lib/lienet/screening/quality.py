"""How good a photograph is as a reference: sharpness, contrast, and how hard JPEG pressed it.

Owns the measures and the gates on them. Each measure is one number of the image alone, kept in the
manifest whether or not its gate is open; it knows nothing of faces or of other images.
"""

from __future__ import annotations

import io
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import cv2
import numpy as np

from lienet.images import Pixels, sniff_format
from lienet.params import Gates

Blocks = np.ndarray[Any, np.dtype[np.float32]]
_BLOCK_PX = 16
_MAX_SIDE_PX = 4096
# What OpenCV's derivatives over five pixels make of a slope or a curvature of one.
_SLOPE_GAIN, _CURVATURE_GAIN = 128.0, 64.0
_STRONGEST_SHARE = 0.1
"""The blocks that sharpness is read from: a sharp subject before a soft ground is sharp."""
# ITU-T T.81, table K.1: the luminance table that IJG's quality 50 stands for.
_LUMINANCE = np.array(
    [
        [16, 11, 10, 16, 24, 40, 51, 61],
        [12, 12, 14, 19, 26, 58, 60, 55],
        [14, 13, 16, 24, 40, 57, 69, 56],
        [14, 17, 22, 29, 51, 87, 80, 62],
        [18, 22, 37, 56, 68, 109, 103, 77],
        [24, 35, 55, 64, 81, 104, 113, 92],
        [49, 64, 78, 87, 103, 121, 120, 101],
        [72, 92, 95, 98, 112, 100, 103, 99],
    ]
).ravel()


@dataclass(frozen=True)
class Quality:
    """What was measured of one image."""

    min_side_px: int
    sharpness: float
    """The reciprocal of the width of its sharpest edges, in 1/px; 0 without an edge."""
    contrast: float
    """The standard deviation of luma, 0 to 127.5."""
    jpeg_quality: int
    """IJG's quality that its luminance table is nearest to, 1 to 100; 0 where it is no JPEG."""


def measure_quality(pixels: Pixels, content: bytes | None = None) -> Quality:
    """Measure an RGB uint8 HWC image; its file tells the quality of JPEG."""
    grey = cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY)
    return Quality(
        min_side_px=int(min(grey.shape)),
        sharpness=round(measure_sharpness(grey), 4),
        contrast=round(float(cv2.meanStdDev(grey)[1][0, 0]), 3),
        jpeg_quality=estimate_jpeg_quality(content) if content is not None else 0,
    )


def find_faults(quality: Quality, gates: Gates) -> tuple[str, ...]:
    """Return the gates that an image does not pass: "small", "blurred", "flat", "compressed"."""
    measured = {
        "small": (quality.min_side_px, gates.min_side_px),
        "blurred": (quality.sharpness, gates.min_sharpness),
        "flat": (quality.contrast, gates.min_contrast),
        "compressed": (quality.jpeg_quality or 100, gates.min_jpeg_quality),
    }
    return tuple(
        name for name, (value, least) in measured.items() if least is not None and value < least
    )


def measure_sharpness(grey: Pixels) -> float:
    """Return the mean of |∇²| over the mean of |∇| where the image has its strongest edges.

    An edge blurred by a Gaussian of σ has a slope in proportion to 1/σ and a curvature in
    proportion to 1/σ²: their quotient tells σ whatever the contrast. Only the tenth of the blocks
    with the strongest slope is read, and their median taken, so that neither noise in smooth
    grounds nor a ground out of focus decides.

    Args:
        grey: uint8 ``(h, w)``.

    Returns:
        About 0.77/σ for a straight edge and σ from 2 px on; 0.5 to 1.2 for sharp photographs; 0
        without an edge.
    """
    grey = grey[:_MAX_SIDE_PX, :_MAX_SIDE_PX]
    across = np.abs(cv2.Sobel(grey, cv2.CV_16S, 1, 0, ksize=5))
    down = np.abs(cv2.Sobel(grey, cv2.CV_16S, 0, 1, ksize=5))
    bend = np.abs(cv2.Laplacian(grey, cv2.CV_16S, ksize=5))
    slope = _mean_of_blocks(across + down) / _SLOPE_GAIN
    curvature = _mean_of_blocks(bend) / _CURVATURE_GAIN
    num_chosen = max(1, round(slope.size * _STRONGEST_SHARE))
    chosen = np.argpartition(slope, -num_chosen)[-num_chosen:]
    edges = slope[chosen]
    if float(edges.max(initial=0.0)) == 0.0:
        return 0.0
    return float(np.median(curvature[chosen] / np.maximum(edges, 1e-6)))


def estimate_jpeg_quality(content: bytes) -> int:
    """Return IJG's quality of the luminance table nearest to a JPEG file's, 0 for another file.

    Tables that an encoder made by another rule are told by the one of IJG's that quantises about as
    hard: the least mean distance of logarithms.
    """
    if sniff_format(content[:16]) != "jpeg":
        return 0
    from PIL import JpegImagePlugin

    try:
        with JpegImagePlugin.JpegImageFile(io.BytesIO(content)) as image:
            table = image.quantization.get(0)
    except Exception:  # a header that cannot be read: decoding will say so
        return 0
    if table is None or len(table) != _LUMINANCE.size:
        return 0
    stored = np.log(np.maximum(np.asarray(table, np.float64), 1))
    return int(np.abs(_ijg_tables() - stored).mean(axis=1).argmin()) + 1


def _mean_of_blocks(values: Pixels) -> Blocks:
    height, width = (max(1, side // _BLOCK_PX) for side in values.shape)
    whole = values[: height * _BLOCK_PX, : width * _BLOCK_PX].astype(np.float32)
    means = cv2.resize(whole, (width, height), interpolation=cv2.INTER_AREA)
    return np.asarray(means, np.float32).ravel()


@lru_cache(maxsize=1)
def _ijg_tables() -> np.ndarray[Any, np.dtype[np.float64]]:
    """Return the logarithms of IJG's luminance tables of quality 1 to 100, as ``(100, 64)``."""
    quality = np.arange(1, 101)[:, None]
    percent = np.where(quality < 50, 5000 // quality, 200 - 2 * quality)
    tables: np.ndarray[Any, np.dtype[np.float64]]
    tables = np.log(((_LUMINANCE * percent + 50) // 100).clip(1, 255))
    return tables
