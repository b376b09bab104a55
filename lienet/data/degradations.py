"""What is done to a good photograph to make a network's input; pure functions of pixels.

It owns the recipe of each task. A degraded picture that the world stores as JPEG is returned as
those very JPEG bytes, so that nobody encodes it again.
"""

from __future__ import annotations

from fractions import Fraction

from lienet.data.resize import resize_bicubic
from lienet.errors import InputError
from lienet.images import Chroma, Pixels, encode_jpeg
from lienet.params import TASKS, Params


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


def degrade_for_task(
    pixels: Pixels, *, task: str, scale: int, params: Params | None = None
) -> bytes:
    """Degrade one photograph, cropped to fit, as ``params`` say for a task.

    Args:
        pixels: ``(h, w, 3)`` RGB uint8; up to ``scale - 1`` lines and columns are cropped.
        task: the task's name.
        scale: the factor of each side.
        params: the active set; JPEG quality 20 and 4:2:0 where there is none.

    Raises:
        InputError: there is no such task, or nothing would be left of the image.
    """
    if task != "sr":
        raise InputError(f"the tasks that degrade are {', '.join(TASKS)}", got=task)
    if min(pixels.shape[:2]) < scale:
        raise InputError(f"an image reduced by {scale} has {scale} pixels to a side or more")
    chosen = None if params is None else params.synthesize.tasks.sr
    return degrade_sr(
        crop_to_multiple(pixels, multiple=scale),
        scale=scale,
        jpeg_quality=20 if chosen is None else chosen.jpeg_quality,
        jpeg_chroma="4:2:0" if chosen is None else chosen.jpeg_chroma,
    )
