"""Photographs made smaller by a whole factor, and cropped so that they can be."""

from __future__ import annotations

from fractions import Fraction

from lienet.degradations.resize import resize_bicubic
from lienet.errors import InputError
from lienet.images import Pixels


def downsample(pixels: Pixels, *, scale: int) -> Pixels:
    """Reduce an image by an integer factor with antialiased bicubic interpolation.

    Args:
        pixels: ``(scale * h, scale * w, 3)`` RGB uint8.
        scale: the factor of each side.

    Returns:
        ``(h, w, 3)`` RGB uint8.

    Raises:
        InputError: a side is not a multiple of ``scale``; the pair would not line up.
    """
    height_px, width_px = pixels.shape[:2]
    if height_px % scale or width_px % scale:
        raise InputError(
            f"an image reduced by {scale} has sides that are multiples of {scale}",
            got=f"{height_px} x {width_px}",
            remedy="crop it first",
        )
    return resize_bicubic(pixels, scale=Fraction(1, scale))


def reduce_to_side(pixels: Pixels, *, side_px: int, multiple: int) -> Pixels:
    """Reduce an image to a shorter side, with antialiased bicubic interpolation.

    Args:
        pixels: ``(h, w, 3)`` RGB uint8, no side shorter than ``side_px``.
        side_px: of the result; a multiple of ``multiple``.
        multiple: what the longer side is cropped to a multiple of, at the bottom or right.

    Returns:
        RGB uint8.
    """
    factor = Fraction(side_px, min(pixels.shape[:2]))
    return crop_to_multiple(resize_bicubic(pixels, scale=factor), multiple=multiple)


def crop_to_multiple(pixels: Pixels, *, multiple: int) -> Pixels:
    """Crop the bottom and right so that both sides are multiples of ``multiple`` (a view)."""
    height_px, width_px = pixels.shape[:2]
    return pixels[: height_px - height_px % multiple, : width_px - width_px % multiple]
