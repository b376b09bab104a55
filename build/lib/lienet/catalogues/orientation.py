"""A JPEG set upright without touching its pixels: the orientation in its EXIF is written anew.

The coded picture stays byte for byte; what was in the file's EXIF, a camera's serial number or a
place among it, goes.
"""

from __future__ import annotations

import struct
from typing import Literal

Orientation = Literal[1, 3, 6, 8]
COUNTERCLOCKWISE: dict[int, Orientation] = {0: 1, 90: 8, 180: 3, 270: 6}
"""EXIF's orientation by the degrees that a picture must be turned counterclockwise."""

_START = b"\xff\xd8"
_APP0, _APP1 = 0xE0, 0xE1
_EXIF = b"Exif\0\0"
_ORIENTATION_TAG, _SHORT = 0x0112, 3


def orient_jpeg(content: bytes, orientation: Orientation) -> bytes:
    """Return a JPEG with this orientation in its EXIF, and nothing else there.

    Args:
        content: a whole JPEG file.
        orientation: as EXIF has it: 1 upright, 3 upside down, 6 and 8 to be turned by 90 degrees
            clockwise and counterclockwise.

    Raises:
        ValueError: the bytes do not begin like a JPEG.
    """
    if not content.startswith(_START):
        raise ValueError("not a JPEG")
    kept, position = [], len(_START)
    while (segment := _read_segment(content, position)) is not None:
        marker, end = segment
        is_exif = marker == _APP1 and content[position + 4 : position + 10] == _EXIF
        if not is_exif:
            kept.append((marker, content[position:end]))
        position = end
    first = next((i for i, (marker, _) in enumerate(kept) if marker != _APP0), len(kept))
    segments = [segment for _, segment in kept]
    segments.insert(first, _make_exif(orientation))
    return _START + b"".join(segments) + content[position:]


def _read_segment(content: bytes, position: int) -> tuple[int, int] | None:
    """Return marker and end of the segment here; None where the application's segments end."""
    if position + 4 > len(content) or content[position] != 0xFF:
        return None
    marker = content[position + 1]
    is_leading = _APP0 <= marker <= 0xEF or marker == 0xFE
    (length,) = struct.unpack_from(">H", content, position + 2)
    end = position + 2 + length
    return (marker, end) if is_leading and length >= 2 and end <= len(content) else None


def _make_exif(orientation: Orientation) -> bytes:
    directory = struct.pack(">HHHIHHI", 1, _ORIENTATION_TAG, _SHORT, 1, orientation, 0, 0)
    body = _EXIF + b"MM\0\x2a" + struct.pack(">I", 8) + directory
    return bytes((0xFF, _APP1)) + struct.pack(">H", len(body) + 2) + body
