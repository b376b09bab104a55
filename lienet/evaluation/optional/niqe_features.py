"""The natural scene statistics of NIQE: 36 features of each patch of 96 x 96 pixels.

Owns what a patch is described by: luma less its local mean over its local deviation (MSCN), and
the shapes of the distributions of that and of products of its neighbours, over two scales. How far
an image's features are from those of clean photographs is :mod:`lienet.evaluation.optional.niqe`'s.

Source: A. Mittal, R. Soundararajan and A. C. Bovik, "Making a completely blind image quality
analyzer", 2013. Unlike the authors' code, products of neighbours do not wrap around a patch, and
shapes are interpolated between the steps of the table, not rounded to them.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

import numpy as np
from scipy.ndimage import gaussian_filter
from scipy.special import gamma

from lienet.degradations.resize import resize_bicubic
from lienet.errors import InputError
from lienet.evaluation.matlab_luma import compute_matlab_luma
from lienet.images import Pixels

PATCH_PX = 96
MIN_NIQE_SIDE_PX = 2 * PATCH_PX
NUM_FEATURES = 36
_SIGMA_PX = 7 / 6
_RADIUS_PX = 3
_ROUNDING = 1e-6
"""A pixel nearer to its mean is equal to it: else what rounding leaves of a flat area had signs."""
_NEIGHBOURS = ((0, 1), (1, 0), (1, 1), (1, -1))
"""Rows and columns from a pixel to the neighbour that it is multiplied with."""
_SHAPES = np.arange(0.2, 10.0005, 0.001)
_RATIOS = gamma(2 / _SHAPES) ** 2 / (gamma(1 / _SHAPES) * gamma(3 / _SHAPES))
"""Squared mean of absolute values over mean square, by shape; it rises with the shape."""


@dataclass(frozen=True)
class Patches:
    """The patches of one image that are not flat, row by row."""

    features: Pixels
    """``n 36``, float64: 18 of the full size, then 18 of half the size."""
    sharpness: Pixels
    """``n``, the mean local deviation of luma, in steps of 255."""


def describe_patches(pixels: Pixels) -> Patches:
    """Return the features of an image's patches; a rest beyond whole patches is cut off.

    Args:
        pixels: RGB uint8, ``h w 3``.

    Raises:
        InputError: a side is below two patches, or fewer than two patches are not flat.
    """
    rows, columns = (side // PATCH_PX for side in pixels.shape[:2])
    if min(rows, columns) < 2:
        raise InputError(
            f"NIQE needs {MIN_NIQE_SIDE_PX} px on each side",
            got=f"{pixels.shape[1]} x {pixels.shape[0]}",
            remedy="leave it out",
        )
    whole = pixels[: rows * PATCH_PX, : columns * PATCH_PX]
    luma = compute_matlab_luma(whole, is_grey=True).astype(np.float64)
    half = resize_bicubic(luma, scale=Fraction(1, 2))
    normalised, deviation = normalise_contrast(luma[..., 0])
    small, _ = normalise_contrast(half[..., 0])
    features = np.concatenate(
        [_describe(_cut(plane, rows, columns)) for plane in (normalised, small)], axis=1
    )
    has_detail = np.isfinite(features).all(axis=1)
    if has_detail.sum() < 2:
        raise InputError(
            "NIQE needs two patches that are not flat",
            got=str(has_detail.sum()),
            remedy="leave it out",
        )
    sharpness = _cut(deviation, rows, columns).mean(axis=(1, 2))
    return Patches(features[has_detail], sharpness[has_detail])


def normalise_contrast(luma: Pixels) -> tuple[Pixels, Pixels]:
    """Return ``(I - mu) / (sigma + 1)`` and ``sigma``, both ``h w``.

    ``mu`` and ``sigma`` are the mean and the deviation in a Gaussian window of 7 x 7 pixels with
    sigma 7/6, the edge pixel repeated beyond the borders.

    Args:
        luma: ``h w``, float64 from 0 to 255.
    """

    def blur(plane: Pixels) -> Pixels:
        return gaussian_filter(plane, _SIGMA_PX, radius=_RADIUS_PX, mode="nearest")

    mean = blur(luma)
    deviation = np.sqrt(np.abs(blur(luma * luma) - mean * mean))
    difference = luma - mean
    difference[np.abs(difference) < _ROUNDING] = 0.0
    return difference / (deviation + 1.0), deviation


def fit_asymmetric_gaussian(samples: Pixels) -> tuple[Pixels, Pixels, Pixels]:
    """Fit asymmetric generalised Gaussians by their moments, one along each last axis.

    The density is proportional to ``exp(-(-x / left)^shape)`` below zero and to
    ``exp(-(x / right)^shape)`` above. Source: N. Lasmar, Y. Stitou and Y. Berthoumieu, "Multiscale
    skewed heavy tailed model for texture analysis", 2009.

    Args:
        samples: ``... n``.

    Returns:
        shape (0.2 to 10; 2 is a Gaussian), left and right; a shape that is no number where all
        samples are zero.
    """
    squares = samples * samples
    below, above = samples < 0, samples > 0
    left, right = (
        np.sqrt((squares * side).sum(axis=-1) / np.maximum(side.sum(axis=-1), 1))
        for side in (below, above)
    )
    with np.errstate(invalid="ignore"):
        ratio = np.abs(samples).mean(axis=-1) ** 2 / squares.mean(axis=-1)
        skew = (left**3 + right**3) * (left + right) / (left**2 + right**2) ** 2
    shape = np.interp(ratio * skew, _RATIOS, _SHAPES)
    width = np.sqrt(gamma(1 / shape) / gamma(3 / shape))
    return shape, left * width, right * width


def _describe(patches: Pixels) -> Pixels:
    """Return ``n 18`` of normalised patches ``n h w``."""
    shape, left, right = fit_asymmetric_gaussian(patches.reshape(len(patches), -1))
    found = [shape, (left + right) / 2]
    for down, across in _NEIGHBOURS:
        upper, lower = patches[:, : patches.shape[1] - down], patches[:, down:]
        if across < 0:
            upper, lower, across = upper[:, :, ::-1], lower[:, :, ::-1], -across
        products = upper[:, :, : patches.shape[2] - across] * lower[:, :, across:]
        shape, left, right = fit_asymmetric_gaussian(products.reshape(len(patches), -1))
        mean = (right - left) * gamma(2 / shape) / gamma(1 / shape)
        found += [shape, mean, left, right]
    return np.stack(found, axis=1)


def _cut(plane: Pixels, rows: int, columns: int) -> Pixels:
    """Return a plane's patches, ``n h w``, row by row."""
    height, width = plane.shape[0] // rows, plane.shape[1] // columns
    tiles = plane.reshape(rows, height, columns, width).swapaxes(1, 2)
    return tiles.reshape(rows * columns, height, width)
