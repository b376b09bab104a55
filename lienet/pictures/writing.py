"""Pictures written whole or not at all, from strips of rows as they are finished.

PNG takes every depth and channel, and goes to disk strip by strip. JPEG and WebP hold 8 bits, and
the picture in memory until it is complete; JPEG has no transparency.
"""

from __future__ import annotations

import io
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
from PIL import Image

from lienet.errors import ImageError
from lienet.files import replacing
from lienet.images import Pixels
from lienet.pictures.metadata import Metadata
from lienet.pictures.png import PngWriter

Format = Literal["png", "jpg", "webp"]
MAX_SIDES_PX = {"png": 2**31 - 1, "jpg": 65_500, "webp": 16_383}
"""The longest sides that the formats, and Pillow, can write."""
_MODES = {1: "L", 2: "LA", 3: "RGB", 4: "RGBA"}
_SAVED = {"jpg": {"format": "JPEG", "quality": 95, "subsampling": 0}}
_SAVED |= {"webp": {"format": "WEBP", "quality": 95}}
_MAX_JPEG_BLOCK = 65_500


@dataclass(frozen=True)
class Shape:
    """Size, channels and depth of a picture to be written."""

    height_px: int
    width_px: int
    channels: int
    dtype: np.dtype[Any]


def check_format(shape: Shape, kind: Format) -> list[str]:
    """Return what a picture loses in a format, each in a few words.

    Raises:
        ImageError: it is too large for the format.
    """
    limit = MAX_SIDES_PX[kind]
    if max(shape.height_px, shape.width_px) > limit:
        raise ImageError(
            f"a {kind} file has at most {limit} px a side",
            got=f"{shape.width_px}x{shape.height_px}",
            reason="too_large",
            remedy="take --format png",
        )
    lost = []
    if kind != "png" and shape.dtype != np.uint8:
        lost.append("16 bits rounded to 8")
    if kind == "jpg" and shape.channels in (2, 4):
        lost.append("transparency laid on white")
    return lost


def write_picture(
    path: Path, strips: Iterable[Pixels], shape: Shape, kind: Format, metadata: Metadata
) -> None:
    """Write a picture to ``path``, which is there complete or not at all.

    Args:
        path: replaced if it exists.
        strips: its rows from the top, ``h w c``; taken as they are written.
        shape: of all of them.
        kind: the file's format.
        metadata: what the file says besides; of EXIF and XMP, JPEG holds 64 kB each.

    Raises:
        InputError: the folder cannot be written to, or is full.
    """
    for leftover in path.parent.glob(f".{_escape(path.name)}.*.part"):
        leftover.unlink(missing_ok=True)
    with replacing(path) as beside:
        if kind == "png":
            _stream_png(beside, strips, shape, metadata)
        else:
            beside.write_bytes(_encode(strips, shape, kind, metadata))


def _stream_png(path: Path, strips: Iterable[Pixels], shape: Shape, metadata: Metadata) -> None:
    with path.open("wb") as stream:
        writer = PngWriter(
            stream,
            width_px=shape.width_px,
            height_px=shape.height_px,
            channels=shape.channels,
            bits=shape.dtype.itemsize * 8,
            metadata=metadata,
        )
        for strip in strips:
            writer.write_rows(strip)
        writer.close()


def _encode(strips: Iterable[Pixels], shape: Shape, kind: Format, metadata: Metadata) -> bytes:
    channels = (
        shape.channels if kind == "webp" else {2: 1, 4: 3}.get(shape.channels, shape.channels)
    )
    image = Image.new(_MODES[channels], (shape.width_px, shape.height_px))
    top = 0
    for strip in strips:
        part = _round(strip) if strip.dtype != np.uint8 else strip
        part = _lay_on_white(part) if channels != shape.channels else part
        image.paste(Image.fromarray(part[..., 0] if channels == 1 else part), (0, top))
        top += len(strip)
    options: dict[str, Any] = {**_SAVED[kind]}
    for name, block in (("exif", metadata.exif_block), ("xmp", metadata.xmp)):
        if block and (kind != "jpg" or len(block) < _MAX_JPEG_BLOCK):
            options[name] = block
    if metadata.icc_profile:
        options["icc_profile"] = metadata.icc_profile
    stream = io.BytesIO()
    image.save(stream, **options)
    return stream.getvalue()


def _round(strip: Pixels) -> Pixels:
    return ((strip.astype(np.uint32) + 128) // 257).astype(np.uint8)


def _lay_on_white(strip: Pixels) -> Pixels:
    share = strip[..., -1:].astype(np.float32) / 255
    return np.rint(strip[..., :-1] * share + 255 * (1 - share)).astype(np.uint8)


def _escape(name: str) -> str:
    return "".join(f"[{letter}]" if letter in "[*?" else letter for letter in name)
