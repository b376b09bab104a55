"""Figure 7: the visual comparison, the same crop of every version of a photograph."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from PIL import Image

from lienet.images import Pixels
from lienet.report.crops import GRID_PX, Crop, choose_crop
from lienet.report.figures.canvas import DPI, make_figure, place_image, to_png, write_label
from lienet.report.palette import LIGHT, Theme
from lienet.report.pictures import Comparison

_MARGIN_PX = 28
_GAP_PX = 12
_WHOLE_PX = 496
_WHOLE_GAP_PX = 24
_LABEL_PX = 46
_NOTE_PX = 58
_TILE_PX = 256
_BOX_COLOUR = "#ffb000"


@dataclass(frozen=True)
class _Layout:
    """What all photographs of the figure have in common, so that their crops align."""

    crop_px: int
    zoom: int
    columns: int

    @property
    def tile_px(self) -> int:
        return self.crop_px * self.zoom

    @property
    def block_height_px(self) -> int:
        return 2 * (self.tile_px + _LABEL_PX)

    @property
    def width_px(self) -> int:
        tiles = self.columns * (self.tile_px + _GAP_PX) - _GAP_PX
        return 2 * _MARGIN_PX + _WHOLE_PX + _WHOLE_GAP_PX + tiles


def draw_figure7(comparisons: Sequence[Comparison], *, crop_px: int, theme: Theme = LIGHT) -> bytes:
    """Draw each photograph with its crop marked, and beside it the same crop of every version.

    Crops are enlarged by a whole number without smoothing, so that what is seen are the pixels.

    Args:
        comparisons: the photographs.
        crop_px: side of the crop in the reference, at most 256, placed by ``choose_crop``.
        theme: ground and inks.
    """
    sides = [min(comparison.reference.shape[:2]) for comparison in comparisons]
    side_px = min(crop_px, _TILE_PX, *sides) // GRID_PX * GRID_PX
    num_tiles = max(2 + len(comparison.enhanced) for comparison in comparisons)
    layout = _Layout(side_px, max(1, round(_TILE_PX / side_px)), -(-num_tiles // 2))
    step_px = layout.block_height_px + _MARGIN_PX
    figure = make_figure(layout.width_px, _MARGIN_PX + len(comparisons) * step_px, theme)
    for place, comparison in enumerate(comparisons):
        _draw_block(figure, comparison, layout, _MARGIN_PX + place * step_px, theme)
    return to_png(figure)


def _draw_block(
    figure: Figure, comparison: Comparison, layout: _Layout, top_px: int, theme: Theme
) -> None:
    side_px = layout.crop_px
    crop = choose_crop(comparison.reference, height_px=side_px, width_px=side_px)
    _draw_whole(figure, comparison, crop, layout, top_px, theme)
    for index, (name, score, pixels) in enumerate(_cut_tiles(comparison, crop, layout.zoom)):
        line, column = divmod(index, layout.columns)
        left = _MARGIN_PX + _WHOLE_PX + _WHOLE_GAP_PX + column * (layout.tile_px + _GAP_PX)
        top = top_px + line * (layout.tile_px + _LABEL_PX)
        place_image(figure, pixels, left, top)
        below = top + layout.tile_px + 7
        weight = "bold" if name == "lienet" else "normal"
        write_label(figure, name, (left, below), theme.ink, points=15, weight=weight)
        corner = (left + layout.tile_px, below)
        write_label(figure, score, corner, theme.muted, points=14, align="right")


def _draw_whole(
    figure: Figure,
    comparison: Comparison,
    crop: Crop,
    layout: _Layout,
    top_px: int,
    theme: Theme,
) -> None:
    height, width = comparison.reference.shape[:2]
    factor = min(_WHOLE_PX / width, (layout.block_height_px - _NOTE_PX) / height)
    size = (round(width * factor), round(height * factor))
    whole = Image.fromarray(comparison.reference).resize(size, Image.Resampling.LANCZOS)
    place_image(figure, np.asarray(whole), _MARGIN_PX, top_px)
    _draw_box(figure, crop, factor, top_px)
    below = top_px + size[1] + 7
    write_label(figure, _shorten(comparison.key), (_MARGIN_PX, below), theme.ink, points=14)
    note = f"{comparison.test_set} · {width}×{height} px · crop of {crop.width_px} px"
    write_label(figure, note, (_MARGIN_PX, below + 25), theme.muted, points=12)


def _shorten(key: str, *, max_chars: int = 30) -> str:
    """Return a key that stays left of the tiles: its middle gives way."""
    if len(key) <= max_chars:
        return key
    tail = max_chars // 3
    return f"{key[: max_chars - tail - 1]}…{key[-tail:]}"


def _cut_tiles(comparison: Comparison, crop: Crop, zoom: int) -> list[tuple[str, str, Pixels]]:
    """Return name, score and pixels of every tile."""
    degraded = crop.cut(comparison.degraded, shrink=comparison.scale)
    tiles = [
        ("reference", "", _enlarge(crop.cut(comparison.reference), zoom)),
        ("input", "", _enlarge(degraded, zoom * comparison.scale)),
    ]
    for model, pixels in comparison.enhanced.items():
        score = f"{comparison.psnr_db[model]:.2f} dB"
        tiles.append((model, score, _enlarge(crop.cut(pixels), zoom)))
    return tiles


def _enlarge(pixels: Pixels, zoom: int) -> Pixels:
    return pixels.repeat(zoom, axis=0).repeat(zoom, axis=1)


def _draw_box(figure: Figure, crop: Crop, factor: float, top_px: int) -> None:
    width, height = figure.get_size_inches() * DPI
    left = _MARGIN_PX + crop.left_px * factor
    bottom = height - top_px - (crop.top_px + crop.height_px) * factor
    figure.add_artist(
        Rectangle(
            (left / width, bottom / height),
            crop.width_px * factor / width,
            crop.height_px * factor / height,
            fill=False,
            edgecolor=_BOX_COLOUR,
            linewidth=2.5,
            zorder=5,
        )
    )
