"""Tiles: where they lie on an image, and how what comes of them is put together again.

Neighbouring tiles share a strip beyond each one's context, and the image changes over linearly from
one to the other along it: where a network sees further than the context, or takes account of a
whole tile, what would be a seam becomes a slope. Owns geometry alone; runs no network.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import DTypeLike, NDArray

from lienet.images import Pixels


@dataclass(frozen=True)
class Span:
    """One tile's extent along an axis, and the part of it that is kept, in input pixels.

    The first ``fade_in_px`` of what is kept are shared with the tile before, the last
    ``fade_out_px`` with the tile after.
    """

    start: int
    stop: int
    kept_start: int
    kept_stop: int
    fade_in_px: int = 0
    fade_out_px: int = 0

    def kept_of_tile(self, scale: int) -> slice:
        """Return the kept part, counted from the tile's start, in output pixels."""
        return slice((self.kept_start - self.start) * scale, (self.kept_stop - self.start) * scale)

    def cells_of_tile(self, cell_px: int) -> slice:
        """Return the cells of ``cell_px`` that this tile alone answers for, from the tile's start.

        Each cell of the image belongs to one tile: to that which keeps its first pixel, and of two
        that do, to the earlier one.
        """
        first = -(-(self.kept_start + self.fade_in_px) // cell_px)
        last = -(-self.kept_stop // cell_px)
        return slice(first - self.start // cell_px, last - self.start // cell_px)


def plan_spans(length_px: int, *, side_px: int, overlap_px: int, fade_px: int = 0) -> list[Span]:
    """Cover an axis with tiles of at most ``side_px``.

    Tiles start at multiples of 8 where they can, so that networks that fold space into depth see
    every tile in phase. Kept parts stay ``overlap_px`` away from every tile's edge that is not the
    image's, and those of neighbours share ``fade_px``, or less where a tile is too small for two
    such strips. The last tile is as large as the others.

    Raises:
        ValueError: a tile would be all overlap.
    """
    if length_px <= side_px:
        return [Span(0, length_px, 0, length_px)]
    room_px = side_px - 2 * overlap_px
    if room_px < 1:
        raise ValueError(f"a tile of {side_px} px is no larger than two overlaps of {overlap_px}")
    fade_px = min(fade_px, room_px // 16 * 8)
    stride = (room_px - fade_px) // 8 * 8 or room_px
    spans: list[Span] = []
    start = kept_start = fade_in_px = 0
    while start + side_px < length_px:
        kept_stop = start + stride + overlap_px + fade_px
        spans.append(Span(start, start + side_px, kept_start, kept_stop, fade_in_px, fade_px))
        start, kept_start, fade_in_px = start + stride, kept_stop - fade_px, fade_px
    start = min(start, -(-(length_px - side_px) // 8) * 8)
    spans.append(Span(start, length_px, kept_start, length_px, fade_in_px))
    return spans


def find_even_side(length_px: int, *, side_px: int, overlap_px: int, fade_px: int = 0) -> int:
    """Return the least side with which as few tiles cover an axis as with ``side_px``.

    The last tile is as large as the others, so with ``side_px`` itself it may lie nearly on the one
    before, and be computed for nothing.
    """

    def count(side: int) -> int:
        spans = plan_spans(length_px, side_px=side, overlap_px=overlap_px, fade_px=fade_px)
        return len(spans)

    num_tiles, side = count(side_px), side_px
    least_px = max(length_px // num_tiles, 2 * overlap_px + 8)
    while side - 8 >= least_px and count(side - 8) == num_tiles:
        side -= 8
    return min(side, length_px)


class Mosaic:
    """An image made of tiles, given row by row from the top and in each row from the left.

    It holds one row of tiles, and in float the strips that wait for a neighbour.

    Args:
        width_px: width of the image, in output pixels.
        dtype: uint8 or uint16.
        scale: output pixels for each pixel of the spans.
    """

    def __init__(self, width_px: int, dtype: DTypeLike, scale: int) -> None:
        self.finished: Pixels = np.empty((0, width_px, 3), dtype)
        """What is finished of the image after the last tile of a row, below what was before."""
        self._scale = scale
        self._above: NDArray[np.float32] = np.empty((0, width_px, 3), np.float32)
        self._below = self._above
        self._left: NDArray[np.float32] = np.empty((0, 0, 3), np.float32)

    def place(self, kept: NDArray[np.float32], rows: Span, columns: Span) -> None:
        """Put in the kept part of one tile, ``h w 3`` in levels of the image's depth.

        Args:
            kept: is changed in place.
            rows: the tile's extent from top to bottom.
            columns: the tile's extent from left to right.
        """
        scale = self._scale
        if columns.start == 0:
            self._start_row(rows)
        head = kept[:, : columns.fade_in_px * scale]
        _change_over(head, self._left, _ramp(head.shape[1])[None, :, None])
        kept, self._left = _split(kept, columns.fade_out_px * scale, axis=1)
        left_px = columns.kept_start * scale
        across = slice(left_px, left_px + kept.shape[1])
        head = kept[: rows.fade_in_px * scale]
        _change_over(head, self._above[:, across], _ramp(head.shape[0])[:, None, None])
        kept, self._below[:, across] = _split(kept, rows.fade_out_px * scale, axis=0)
        self.finished[:, across] = np.rint(kept)

    def _start_row(self, rows: Span) -> None:
        width_px = self.finished.shape[1]
        shape = (rows.fade_out_px * self._scale, width_px, 3)
        self._above, self._below = self._below, np.empty(shape, np.float32)
        height_px = (rows.kept_stop - rows.fade_out_px - rows.kept_start) * self._scale
        self.finished = np.empty((height_px, width_px, 3), self.finished.dtype)


def _ramp(length: int) -> NDArray[np.float32]:
    return (np.arange(length, dtype=np.float32) + np.float32(0.5)) / np.float32(max(1, length))


def _change_over(
    later: NDArray[np.float32], earlier: NDArray[np.float32], ramp: NDArray[np.float32]
) -> None:
    """Mix ``earlier`` into ``later``, whose share is ``ramp``; what agrees is not changed."""
    if later.size:
        later += (1 - ramp) * (earlier - later)


def _split(
    part: NDArray[np.float32], length: int, *, axis: int
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Cut the last ``length`` off along an axis; return what is before, and them."""
    before, after = np.split(part, [part.shape[axis] - length], axis=axis)
    return before, after
