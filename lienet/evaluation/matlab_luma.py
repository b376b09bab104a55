"""Luma as super-resolution papers compare it in MATLAB, and the bicubic rows that they print.

Owns what differs from :mod:`lienet.evaluation.metrics`: luma is rounded to 8 bits, a grey file is
taken as it is, and the bicubic row is made of the reference's luma alone, reduced and enlarged
without rounding in between. So were 28.42 dB of Set5 and 26.00 dB of Set14 at x4 measured.
"""

from __future__ import annotations

from fractions import Fraction

import numpy as np
from jaxtyping import UInt8

from lienet.degradations.resize import resize_bicubic
from lienet.errors import InputError
from lienet.evaluation.metrics import (
    FULL_RANGE_LUMA,
    compute_luma,
    measure_prepared,
    prepare_pair,
)
from lienet.images import Pixels

Luma = UInt8[Pixels, "height width 1"]


def compute_matlab_luma(pixels: UInt8[Pixels, "height width 3"], *, is_grey: bool = False) -> Luma:
    """Return luma in whole steps, as MATLAB gives it for uint8.

    Args:
        pixels: RGB.
        is_grey: the picture's file is grey: ``0.299 R + 0.587 G + 0.114 B`` from 0 to 255 as of
            ``rgb2gray``, which leaves a grey picture as it is; else ``rgb2ycbcr``'s from 16 to 235.
    """
    luma = pixels @ FULL_RANGE_LUMA if is_grey else compute_luma(pixels)
    return _round(luma)[..., None]


def measure_in_matlab_luma(
    reference: Pixels, distorted: Pixels, *, border_px: int, is_grey: bool = False
) -> tuple[float, float]:
    """Return PSNR in dB and SSIM of an image, of its luma in whole steps.

    Args:
        reference: RGB uint8, ``h w 3``.
        distorted: the same shape.
        border_px: cropped from every side; papers crop as many as the scale.
        is_grey: as :func:`compute_matlab_luma`; of both.

    Raises:
        InputError: the sizes differ, an image is not RGB uint8, or the crop leaves too little; or
            a grey reference has colours.
    """
    _check(reference, is_grey)
    pair = prepare_pair(reference, distorted, colour="rgb", border_px=border_px)
    ours, theirs = (compute_matlab_luma(each, is_grey=is_grey) for each in pair)
    return measure_prepared(ours, theirs)


def measure_published_bicubic(
    reference: Pixels, *, scale: int, border_px: int, is_grey: bool = False
) -> tuple[float, float]:
    """Return PSNR in dB and SSIM of the bicubic row as papers print it.

    The reference's luma in whole steps is reduced and enlarged as real numbers, with the edge pixel
    repeated beyond the borders (as ``imresize`` did in those years), and rounded once at the end.
    What a network is given has been rounded to RGB of 8 bits before: bicubic enlargement of that
    comes out 0.005 to 0.017 dB lower on Set5 and Set14.

    Args:
        reference: RGB uint8, ``h w 3``, sides multiples of ``scale``.
        scale: of the reduction and the enlargement, per side.
        border_px: cropped from every side; papers crop as many as the scale.
        is_grey: as :func:`compute_matlab_luma`.

    Raises:
        InputError: as :func:`measure_in_matlab_luma`; or a side is no multiple of ``scale``.
    """
    _check(reference, is_grey)
    height_px, width_px = reference.shape[:2]
    if height_px % scale or width_px % scale:
        raise InputError(
            f"a published bicubic row at x{scale} is of sides that are multiples of {scale}",
            got=f"{height_px} x {width_px}",
            remedy="crop the image first",
        )
    luma = compute_matlab_luma(reference, is_grey=is_grey)
    small = resize_bicubic(luma.astype(np.float64), scale=Fraction(1, scale), border="clamp")
    bicubic = _round(resize_bicubic(small, scale=scale, border="clamp"))
    prepare_pair(reference, reference, colour="rgb", border_px=border_px)  # refuses what is left
    window = np.s_[border_px : height_px - border_px, border_px : width_px - border_px]
    return measure_prepared(luma[window], bicubic[window])


def _check(reference: Pixels, is_grey: bool) -> None:
    if reference.dtype != np.uint8 or reference.ndim != 3 or reference.shape[2] != 3:
        raise InputError(
            "MATLAB's luma is measured of RGB uint8 (h, w, 3)",
            got=f"{reference.dtype} {reference.shape}",
        )
    if is_grey and (reference != reference[..., :1]).any():
        raise InputError("a grey image has the same in all three channels", got="colours")


def _round(luma: Pixels) -> Pixels:
    """Round half up and clip, as MATLAB's ``uint8`` does."""
    rounded: Pixels = np.clip(np.floor(luma + 0.5), 0, 255).astype(np.uint8)
    return rounded
