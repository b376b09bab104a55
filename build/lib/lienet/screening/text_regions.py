"""Where in a large image text may be: the regions that are worth a closer look.

Owns the cheap signs of text (a coarse map of the detector itself, and fine upright strokes that it
is too coarse to see) and how what they mark becomes a few windows. It finds no text.
"""

from __future__ import annotations

import cv2
import numpy as np

from lienet.images import Pixels
from lienet.screening.onnx_detectors import Map

Window = tuple[int, int, int, int]
"""Left, top, right and bottom, in pixels."""
_CELL_PX = 8
_STRIDE_PX = 32
_MIN_WINDOW_PX = 64
_MARGIN_CELLS = (5, 7)
# A window costs about as much as this many pixels more than it has.
_WINDOW_COST_PX = 6000
# The mean upright slope, in grey levels for each pixel, over the area of a few letters. Of 299
# lines set into photographs that the detector finds at full size, 293 have this or show in the
# coarse map. It is the price of the rest: 25 would cost a third more time, for one line more.
_MIN_STROKES = 30
_LETTERS_PX = (25, 9)
# The coarse map is close to 0 or 1: what is neither is a hint.
_MIN_HINT = 1e-5


def find_windows(pixels: Pixels, hints: Map) -> list[Window]:
    """Return the windows of an image in which text may be, each with room around it.

    Args:
        pixels: RGB uint8 HWC, at the detector's full size; sides are multiples of 32.
        hints: the detector's map of text probability at a smaller size, ``(h, w)``.

    Returns:
        Windows whose sides are multiples of 32 and which do not leave the image, or that of the
        whole image where windows would cost more.
    """
    height_px, width_px = pixels.shape[:2]
    cells = (width_px // _CELL_PX, height_px // _CELL_PX)
    grey = cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY)
    upright = cv2.convertScaleAbs(cv2.Sobel(grey, cv2.CV_16S, 1, 0), alpha=0.25)
    strokes = cv2.resize(cv2.blur(upright, _LETTERS_PX), cells, interpolation=cv2.INTER_NEAREST)
    hinted = (hints > _MIN_HINT).astype(np.float32)
    marked = strokes >= _MIN_STROKES
    marked |= cv2.resize(hinted, cells, interpolation=cv2.INTER_AREA) > 0
    windows = _outline(marked, height_px, width_px)
    if sum(map(_cost_of, windows)) >= height_px * width_px:
        return [(0, 0, width_px, height_px)]
    return windows


def _outline(marked: Pixels, height_px: int, width_px: int) -> list[Window]:
    near = cv2.dilate(marked.astype(np.uint8), np.ones(_MARGIN_CELLS, np.uint8))
    areas = cv2.connectedComponentsWithStats(near, connectivity=8)[2][1:, :4] * _CELL_PX
    windows = [
        _round_up((left, top, left + width, top + height), height_px, width_px)
        for left, top, width, height in areas.tolist()
    ]
    merged: list[Window] = []
    while windows:
        window = windows.pop()
        for index, other in enumerate(merged):
            both = _round_up(_join(window, other), height_px, width_px)
            if _cost_of(both) <= _cost_of(window) + _cost_of(other):
                del merged[index]
                windows.append(both)
                break
        else:
            merged.append(window)
    return sorted(merged)


def _join(one: Window, other: Window) -> Window:
    low, high = np.minimum(one, other)[:2].tolist(), np.maximum(one, other)[2:].tolist()
    return low[0], low[1], high[0], high[1]


def _round_up(window: Window, height_px: int, width_px: int) -> Window:
    left, right = _round_span(window[0], window[2], width_px)
    top, bottom = _round_span(window[1], window[3], height_px)
    return left, top, right, bottom


def _round_span(start: int, end: int, limit: int) -> tuple[int, int]:
    """Widen a span on both sides to whole strides, inside the image."""
    length = min(limit, max(_MIN_WINDOW_PX, -(-(end - start) // _STRIDE_PX) * _STRIDE_PX))
    begin = min(max(0, start - (length - (end - start)) // 2), limit - length)
    return begin, begin + length


def _cost_of(window: Window) -> int:
    left, top, right, bottom = window
    return (right - left) * (bottom - top) + _WINDOW_COST_PX
