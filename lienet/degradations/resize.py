"""Antialiased bicubic resizing that agrees with MATLAB's ``imresize``.

Inside an image every release agrees. At its borders today's releases mirror it, as is done here
unless told otherwise; older ones repeated its edge pixel, and so were many published figures made.

It owns one operation, up and down, at any size. It refuses every other kernel: results in super
resolution are compared to hundredths of a decibel, and those of OpenCV and PyTorch differ more.
"""

from __future__ import annotations

import math
from fractions import Fraction
from functools import lru_cache
from typing import Literal

import numpy as np

from lienet.errors import InputError
from lienet.images import Pixels

_BLOCK_LINES = 8
"""Output lines made by one matrix product: more waste on zeros, fewer call overheads."""
_MAX_PRODUCT = 200_000
"""Multiplications in one product: few enough that BLAS does not wake its threads (it would use
several times the processor time, and the cores have other images to do), and fit for the cache."""
Border = Literal["mirror", "clamp"]
"""How an image continues beyond its edge: as its mirror, or with its edge pixel throughout."""
_KERNEL_WIDTH = 4
_DYADIC_FACTORS = (Fraction(1, 4), Fraction(1, 2), Fraction(2), Fraction(4))
"""Every weight is then a fraction of a power of two, and a pass over uint8 exact in float32."""


def resize_bicubic(
    pixels: Pixels, *, scale: Fraction | int | tuple[int, int], border: Border = "mirror"
) -> Pixels:
    """Resize an image as MATLAB's ``imresize(image, scale, "bicubic")`` does.

    The cubic kernel has a = -0.5 and is stretched by the factor of a reduction (antialiasing); the
    weights of a pixel sum to one. Rows are resized before columns, unless columns are reduced more;
    as MATLAB does, uint8 is rounded after each pass, floating point never. By factors of 2 and 4,
    up or down, uint8 is computed exactly: the result is the same on every machine.

    Args:
        pixels: HWC, uint8 or floating point of any range.
        scale: a factor (``Fraction(1, 4)`` for a quarter of each side, sizes rounded up), or
            the output's ``(height_px, width_px)``.
        border: "mirror" as today's MATLAB has it, the edge pixel repeated once; or "clamp" as
            older releases had it, the edge pixel repeated for ever.

    Returns:
        HWC of the dtype of ``pixels``.

    Raises:
        InputError: the image is not HWC, or has no pixel, or a size is not positive.

    Source: R. Keys, "Cubic convolution interpolation for digital image processing", 1981, and the
    published description and results of ``imresize``.
    """
    if pixels.ndim != 3 or 0 in pixels.shape:
        raise InputError("resizing takes an HWC image with pixels", got=f"shape {pixels.shape}")
    factors = _find_factors(pixels.shape[:2], scale)
    order = (0, 1) if factors[0] <= factors[1] else (1, 0)
    for axis in order:
        lines = pixels.swapaxes(0, axis)
        num_out = math.ceil(lines.shape[0] * factors[axis])
        flat = np.ascontiguousarray(lines).reshape(lines.shape[0], -1)
        resized = _resize_lines(flat, num_out, factors[axis], border)
        pixels = resized.reshape(num_out, *lines.shape[1:]).swapaxes(0, axis)
    return np.ascontiguousarray(pixels)


def _find_factors(
    size_px: tuple[int, ...], scale: Fraction | int | tuple[int, int]
) -> tuple[Fraction, Fraction]:
    if isinstance(scale, tuple):
        factors = (Fraction(scale[0], size_px[0]), Fraction(scale[1], size_px[1]))
    else:
        factors = (Fraction(scale), Fraction(scale))
    if min(factors) <= 0:
        raise InputError("a resized image has at least one pixel", got=f"scale {scale}")
    return factors


def _resize_lines(lines: Pixels, num_out: int, factor: Fraction, border: Border) -> Pixels:
    """Resize the first axis of ``(n, m)`` to ``(num_out, m)``, a banded product in blocks."""
    is_integer = lines.dtype == np.uint8
    dtype = np.float32 if is_integer and factor in _DYADIC_FACTORS else np.float64
    num_in = lines.shape[0]
    first, weights = _contributions(num_in, num_out, factor)
    num_taps = weights.shape[1]
    resized = np.empty((num_out, lines.shape[1]), lines.dtype)
    for start in range(0, num_out, _BLOCK_LINES):
        stop = min(start + _BLOCK_LINES, num_out)
        low, high = int(first[start]), int(first[stop - 1]) + num_taps
        band = np.zeros((stop - start, high - low), dtype)
        for row in range(start, stop):
            left = int(first[row]) - low
            band[row - start, left : left + num_taps] = weights[row]
        is_inside = low >= 0 and high <= num_in
        block = lines[low:high] if is_inside else lines[_fold(low, high, num_in, border)]
        width = max(1, _MAX_PRODUCT // band.size)
        for left in range(0, lines.shape[1], width):
            part = block[:, left : left + width].astype(dtype)
            product = band @ part
            if is_integer:
                product = np.clip(product + 0.5, 0.5, 255.5)  # cut off, this rounds half up
            resized[start:stop, left : left + width] = product
    return resized


@lru_cache(maxsize=64)
def _contributions(num_in: int, num_out: int, factor: Fraction) -> tuple[Pixels, Pixels]:
    """Return each output's first input index, before folding, and the weights from there on."""
    stretch = max(1.0, float(1 / factor))
    num_taps = int(np.ceil(_KERNEL_WIDTH * stretch)) + 2
    outputs = np.arange(1, num_out + 1, dtype=np.float64)
    centres = outputs / float(factor) + 0.5 * (1.0 - 1.0 / float(factor)) - 1.0
    first = np.floor(centres - _KERNEL_WIDTH * stretch / 2).astype(np.int64)
    distances = centres[:, None] - (first[:, None] + np.arange(num_taps))
    weights = _cubic(distances / stretch)
    weights /= weights.sum(axis=1, keepdims=True)
    return first, weights


def _cubic(distance: Pixels) -> Pixels:
    """Keys' kernel with a = -0.5."""
    x = np.abs(distance)
    near = (1.5 * x - 2.5) * x * x + 1.0
    far = ((-0.5 * x + 2.5) * x - 4.0) * x + 2.0
    values: Pixels = np.where(x <= 1.0, near, np.where(x <= 2.0, far, 0.0))
    return values


def _fold(low: int, high: int, length: int, border: Border) -> Pixels:
    """Return indices ``low`` to ``high`` of an axis, those beyond its ends folded back into it."""
    indices = np.arange(low, high)
    if border == "clamp":  # ... a a | a b c | c c ...
        return np.clip(indices, 0, length - 1)
    folded = np.mod(indices, 2 * length)  # ... b a | a b c | c b ...
    mirrored: Pixels = np.minimum(folded, 2 * length - 1 - folded)
    return mirrored
