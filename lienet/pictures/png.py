"""PNG files written strip by strip, so that a picture need not fit into memory, 8 or 16 bits deep.

Every row is predicted by Paeth's filter, as it mostly is best for photographs. Source: W3C,
"Portable Network Graphics (PNG) Specification (Third Edition)", 2025.
"""

from __future__ import annotations

import struct
import zlib
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray

from lienet.images import Pixels
from lienet.pictures.metadata import Metadata

_COLOUR_TYPES = {1: 0, 2: 4, 3: 2, 4: 6}
_PAETH = 4
_COMPRESS_LEVEL, _MEMORY_LEVEL = 4, 9
_ROWS_AT_ONCE = 64


class PngWriter:
    """A PNG file in the making.

    Args:
        stream: where the file goes.
        width_px: width of every row.
        height_px: how many rows will come.
        channels: 1 to 4; grey, grey and alpha, RGB, RGB and alpha.
        bits: 8 or 16.
        metadata: what the file says besides.
    """

    def __init__(
        self,
        stream: BinaryIO,
        *,
        width_px: int,
        height_px: int,
        channels: int,
        bits: int,
        metadata: Metadata,
    ) -> None:
        self._stream = stream
        self._pixel_bytes = channels * bits // 8
        self._above = np.zeros((1, width_px * self._pixel_bytes), np.uint8)
        self._deflate = zlib.compressobj(
            _COMPRESS_LEVEL, memLevel=_MEMORY_LEVEL, strategy=zlib.Z_FILTERED
        )
        stream.write(b"\x89PNG\r\n\x1a\n")
        colour_type = _COLOUR_TYPES[channels]
        header = struct.pack(">IIBBBBB", width_px, height_px, bits, colour_type, 0, 0, 0)
        self._write_chunk(b"IHDR", header)
        if metadata.icc_profile:
            self._write_chunk(b"iCCP", b"ICC profile\0\0" + zlib.compress(metadata.icc_profile))
        if metadata.exif:
            self._write_chunk(b"eXIf", metadata.exif)
        if metadata.xmp:
            self._write_chunk(b"iTXt", b"XML:com.adobe.xmp\0\0\0\0\0" + metadata.xmp)

    def write_rows(self, rows: Pixels) -> None:
        """Write the next rows, ``h w c`` of the depth that was told."""
        for top in range(0, len(rows), _ROWS_AT_ONCE):
            strip = rows[top : top + _ROWS_AT_ONCE]
            samples = np.ascontiguousarray(strip, strip.dtype.newbyteorder(">"))
            lines = samples.view(np.uint8).reshape(len(strip), -1)
            self._write_data(self._deflate.compress(self._filter(lines)))

    def close(self) -> None:
        """Write the end of the file."""
        self._write_data(self._deflate.flush())
        self._write_chunk(b"IEND", b"")

    def _filter(self, lines: NDArray[np.uint8]) -> bytes:
        """Return lines less what the bytes to the left and above foretell."""
        above = np.concatenate((self._above, lines[:-1]))
        self._above = lines[-1:].copy()
        left, above_left = (_shift(each, self._pixel_bytes) for each in (lines, above))
        filtered = np.empty((len(lines), lines.shape[1] + 1), np.uint8)
        filtered[:, 0] = _PAETH
        np.subtract(lines, _predict(left, above, above_left), out=filtered[:, 1:])
        return filtered.tobytes()

    def _write_data(self, content: bytes) -> None:
        if content:
            self._write_chunk(b"IDAT", content)

    def _write_chunk(self, name: bytes, body: bytes) -> None:
        self._stream.write(struct.pack(">I", len(body)) + name)
        self._stream.write(body)
        self._stream.write(struct.pack(">I", zlib.crc32(body, zlib.crc32(name))))


def _shift(lines: NDArray[np.uint8], length: int) -> NDArray[np.uint8]:
    return np.pad(lines[:, :-length], ((0, 0), (length, 0)))


def _predict(
    left: NDArray[np.uint8], above: NDArray[np.uint8], above_left: NDArray[np.uint8]
) -> NDArray[np.uint8]:
    """Return whichever of three neighbours is nearest to left + above - above_left."""
    a, b, c = (each.astype(np.int16) for each in (left, above, above_left))
    to_left, to_above = np.abs(b - c), np.abs(a - c)
    to_corner = np.abs(a + b - 2 * c)
    nearest = np.where(to_above <= to_corner, above, above_left)
    return np.where((to_left <= to_above) & (to_left <= to_corner), left, nearest)
