"""Pictures in rows and columns, each with a line above and a line below; Figures 3, 5, 8 and 9."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from PIL import Image

from lienet.images import Pixels
from lienet.report.figures.canvas import make_figure, place_image, to_png, write_label
from lienet.report.palette import LIGHT, Theme

_MARGIN_PX = 28
_GAP_PX = 12
_TITLE_PX = 34
_LABEL_PX = 30
_ROW_GAP_PX = 22


@dataclass(frozen=True)
class Tile:
    """One picture, RGB uint8 HWC, with its name and what is to be said of it on the right."""

    pixels: Pixels
    name: str
    note: str = ""
    is_ours: bool = False


@dataclass(frozen=True)
class Line:
    """One row of pictures under a heading."""

    title: str
    tiles: Sequence[Tile]


def draw_grid(
    lines: Sequence[Line], *, tile_px: int, zoom_whole: bool = False, theme: Theme = LIGHT
) -> bytes:
    """Draw rows of pictures, those of a row at one height.

    Args:
        lines: each with at least one picture.
        tile_px: width that each picture's column has; pictures are fitted into it.
        zoom_whole: enlarge by whole pixels without smoothing, so that what is seen are the pixels.
        theme: ground and inks.
    """
    columns = max(len(line.tiles) for line in lines)
    fitted = [[_fit(tile.pixels, tile_px, zoom_whole) for tile in line.tiles] for line in lines]
    heights = [max(pixels.shape[0] for pixels in row) for row in fitted]
    width = 2 * _MARGIN_PX + columns * (tile_px + _GAP_PX) - _GAP_PX
    step = _LABEL_PX + _ROW_GAP_PX
    titles = [_TITLE_PX if line.title else 0 for line in lines]
    height = 2 * _MARGIN_PX + sum(heights) + sum(titles) + step * len(lines) - _ROW_GAP_PX
    figure = make_figure(width, height, theme)
    top = _MARGIN_PX
    for line, row, row_px, title_px in zip(lines, fitted, heights, titles, strict=True):
        if line.title:
            write_label(figure, line.title, (_MARGIN_PX, top), theme.ink, points=15, weight="bold")
        top += title_px
        for column, (tile, pixels) in enumerate(zip(line.tiles, row, strict=True)):
            left = _MARGIN_PX + column * (tile_px + _GAP_PX)
            place_image(figure, pixels, left, top)
            below = top + row_px + 6
            weight = "bold" if tile.is_ours else "normal"
            write_label(figure, tile.name, (left, below), theme.ink, points=13, weight=weight)
            corner = (left + tile_px, below)
            write_label(figure, tile.note, corner, theme.muted, points=12, align="right")
        top += row_px + step
    return to_png(figure)


def _fit(pixels: Pixels, tile_px: int, zoom_whole: bool) -> Pixels:
    """Return the picture at the width of a tile; whole enlargement may leave it narrower."""
    height, width = pixels.shape[:2]
    if zoom_whole and width <= tile_px:
        zoom = tile_px // width
        return pixels.repeat(zoom, axis=0).repeat(zoom, axis=1)
    size = (tile_px, max(1, round(height * tile_px / width)))
    return np.asarray(Image.fromarray(pixels).resize(size, Image.Resampling.LANCZOS))
