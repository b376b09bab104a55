"""Figures 8 and 9: whole pictures side by side, faces and old photographs."""

from __future__ import annotations

from collections.abc import Sequence

from lienet.report.crops import Crop, choose_face_crop
from lienet.report.figures.grid import Line, Tile, draw_grid
from lienet.report.palette import LIGHT, Theme
from lienet.report.pictures import Comparison
from lienet.report.real_photographs import RealPhotograph

_FACE_PX = 256
_PICTURE_PX = 400


def draw_figure8(
    comparisons: Sequence[Comparison], *, ours: str | None, theme: Theme = LIGHT
) -> bytes:
    """Draw test pictures at full size: input, every method, reference, ours in bold.

    A picture larger than a tile is cropped to it, one to one, about the largest face.
    """
    lines = []
    for each in comparisons:
        crop = choose_face_crop(each.reference, height_px=_FACE_PX, width_px=_FACE_PX)
        lines.append(Line(each.key, _cut_tiles(each, crop, ours)))
    return draw_grid(lines, tile_px=_FACE_PX, zoom_whole=True, theme=theme)


def draw_figure9(
    photographs: Sequence[RealPhotograph] | Sequence[Comparison],
    *,
    ours: str | None,
    theme: Theme = LIGHT,
) -> bytes:
    """Draw old photographs as wholes: input, classical restoration and networks, reference if any.

    They are real ones, or synthesized pairs where there are none.
    """
    lines = []
    for each in photographs:
        if isinstance(each, Comparison):
            height, width = each.reference.shape[:2]
            lines.append(Line(each.key, _cut_tiles(each, Crop(0, 0, height, width), ours)))
            continue
        tiles = [Tile(each.degraded, "input, a real photograph")]
        tiles += [Tile(each.enhanced[name], name, "", name == ours) for name in each.enhanced]
        lines.append(Line(each.key, tiles))
    return draw_grid(lines, tile_px=_PICTURE_PX, theme=theme)


def _cut_tiles(each: Comparison, crop: Crop, ours: str | None) -> list[Tile]:
    tiles = [Tile(crop.cut(each.degraded), "input", _say(each, "input"))]
    for name, pixels in each.enhanced.items():
        tiles.append(Tile(crop.cut(pixels), name, _say(each, name), name == ours))
    return [*tiles, Tile(crop.cut(each.reference), "reference")]


def _say(comparison: Comparison, name: str) -> str:
    psnr_db = comparison.psnr_db.get(name)
    return "" if psnr_db is None else f"{psnr_db:.2f} dB"
