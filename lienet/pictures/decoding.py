"""A picture file as it is: upright, at its own depth, with its transparency and metadata.

Where :func:`lienet.images.decode_image` brings every photograph to RGB of 8 bits for the
pipeline, this keeps grey grey, 16 bits and alpha. Only what no network knows is converted, and
said: palettes, and CMYK. Both read by the same decoder, and refuse the same broken files.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageFile

from lienet.colour_profiles import convert_cmyk
from lienet.errors import ImageError
from lienet.images import (
    MAX_PIXELS,
    SIGNATURE_BYTES,
    Pixels,
    decode_deep,
    is_deep,
    opening,
    read_orientation,
    sniff_format,
    turn_upright,
)
from lienet.pictures.metadata import Metadata, read_metadata, read_signature
from lienet.sixteen_bits import copy_samples

SUFFIXES = frozenset({".jpg", ".jpeg", ".png", ".webp", ".tif", ".tiff", ".avif", ".heic", ".heif"})
"""What picture files are called; what they are is told by their first bytes alone."""
_HEIF_BRANDS = {b"heic", b"heix", b"hevc", b"heim", b"heis", b"mif1", b"msf1"}
_GREY_MODES = {"1", "L", "LA", "La"}


@dataclass(frozen=True)
class Picture:
    """A decoded picture."""

    pixels: Pixels
    """Upright; ``h w c``, uint8 or uint16: grey, grey and alpha, RGB, or RGB and alpha."""
    metadata: Metadata
    remarks: tuple[str, ...] = ()
    """What was converted, each in a few words."""


def decode_picture(content: bytes, *, max_pixels: int = MAX_PIXELS) -> Picture:
    """Decode a picture file.

    Args:
        content: the bytes of a JPEG, PNG, WebP, TIFF or AVIF file, or of a HEIC file where the
            package ``pillow-heif`` is installed.
        max_pixels: larger pictures are refused before they are decoded.

    Raises:
        ImageError: the picture is refused; ``reason`` is one of those of :mod:`lienet.images`.
    """
    kind = _tell_kind(content)
    with _opening(content, kind, max_pixels) as image:
        remarks: list[str] = []
        if is_deep(image, kind, content):
            pixels = _add_colour_key(decode_deep(image, kind, content), image)
        else:
            pixels, remarks = _to_samples(image)
        metadata = read_metadata(image)
        if image.mode == "CMYK":  # the pixels are not in its colours any more
            metadata = Metadata(metadata.exif, metadata.xmp)
        upright = turn_upright(pixels, read_orientation(image, kind))
        return Picture(upright, metadata, tuple(remarks))


def measure_picture(content: bytes, *, max_pixels: int = MAX_PIXELS) -> tuple[int, int]:
    """Return height and width of a picture as its header has them, which may be turned.

    Raises:
        ImageError: the picture is refused by its header.
    """
    with _opening(content, _tell_kind(content), max_pixels) as image:
        return image.height, image.width


def find_signature(content: bytes) -> str | None:
    """Return the signature of a picture file that was written here; None of any other file."""
    try:
        with _opening(content, _tell_kind(content), MAX_PIXELS) as image:
            return read_signature(image)
    except ImageError:
        return None


@contextmanager
def _opening(content: bytes, kind: str, max_pixels: int) -> Iterator[ImageFile.ImageFile]:
    try:
        with opening(content, kind, max_pixels) as image:
            yield image
    except ModuleNotFoundError as error:
        raise ImageError(
            f"{kind.upper()} files are read by the package pillow-heif",
            reason="unsupported_format",
            remedy="pip install pillow-heif",
        ) from error


def _tell_kind(content: bytes) -> str:
    if not content:
        raise ImageError("the file is empty", reason="empty")
    kind = sniff_format(content[:SIGNATURE_BYTES])
    if kind is None and content[4:8] == b"ftyp":
        is_avif = b"avif" in content[8:64] or b"avis" in content[8:64]
        kind = "avif" if is_avif else "heic" if content[8:12] in _HEIF_BRANDS else None
    if kind is None:
        raise ImageError(
            "not a JPEG, PNG, WebP, TIFF, AVIF or HEIC file", reason="unsupported_format"
        )
    return kind


def _to_samples(image: ImageFile.ImageFile) -> tuple[Pixels, list[str]]:
    image.load()
    if image.mode == "CMYK":
        return copy_samples(convert_cmyk(image)), ["CMYK converted to RGB"]
    if image.mode in _GREY_MODES:
        mode = "LA" if image.has_transparency_data else "L"
    else:
        mode = "RGBA" if image.has_transparency_data else "RGB"
    remarks = ["palette converted to RGB"] if image.mode in ("P", "PA") else []
    return copy_samples(image if image.mode == mode else image.convert(mode)), remarks


def _add_colour_key(deep: Pixels, image: Image.Image) -> Pixels:
    """Make the colour that a PNG of 16 bits declares transparent an alpha channel."""
    key = image.info.get("transparency")
    if key is None or deep.shape[2] in (2, 4):
        return deep
    is_key = (deep == np.array(key)).all(axis=-1, keepdims=True)
    return np.concatenate((deep, np.where(is_key, 0, 65535).astype(np.uint16)), axis=2)
