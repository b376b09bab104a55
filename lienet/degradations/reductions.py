"""What the tasks ``sr`` and ``face`` do to a good photograph; pure functions of pixels.

How a photograph grows old is ``old_photo``'s. A degraded picture that the world stores as JPEG is
returned as those very JPEG bytes, so that nobody encodes it again.
"""

from __future__ import annotations

from fractions import Fraction

from lienet.degradations.resize import resize_bicubic
from lienet.errors import InputError
from lienet.images import Chroma, Pixels, encode_jpeg


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


def crop_to_multiple(pixels: Pixels, *, multiple: int) -> Pixels:
    """Crop the bottom and right so that both sides are multiples of ``multiple`` (a view)."""
    height_px, width_px = pixels.shape[:2]
    return pixels[: height_px - height_px % multiple, : width_px - width_px % multiple]


def degrade_sr(pixels: Pixels, *, scale: int, jpeg_quality: int, jpeg_chroma: Chroma) -> bytes:
    """Make the input of super resolution: bicubic reduction, then JPEG.

    Args:
        pixels: ``(scale * h, scale * w, 3)`` RGB uint8.
        scale: the factor of each side.
        jpeg_quality: IJG quality, 1 to 100.
        jpeg_chroma: chroma subsampling of the JPEG.

    Returns:
        JPEG bytes of an ``h x w`` picture.

    Raises:
        InputError: a side is not a multiple of ``scale``.
    """
    reduced = downsample(pixels, scale=scale)
    return encode_jpeg(reduced, quality=jpeg_quality, chroma=jpeg_chroma)


def degrade_face(pixels: Pixels, *, factor: int) -> Pixels:
    """Take a picture's detail away at its size: bicubic reduction, then bicubic enlargement.

    Args:
        pixels: ``(factor * h, factor * w, 3)`` RGB uint8.
        factor: of each side.

    Returns:
        RGB uint8 of the same size, which the world would store without loss.

    Raises:
        InputError: a side is not a multiple of ``factor``.
    """
    return resize_bicubic(downsample(pixels, scale=factor), scale=Fraction(factor))
