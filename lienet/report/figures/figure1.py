"""Figure 1: what the networks are for, one photograph of each task before and after."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from lienet.images import Pixels
from lienet.report.crops import choose_crop, choose_face_crop
from lienet.report.figures.grid import Line, Tile, draw_grid
from lienet.report.number_format import title_task
from lienet.report.palette import LIGHT, Theme
from lienet.report.pictures import Comparison

_TILE_PX = 320


def draw_figure1(
    comparisons: Sequence[Comparison],
    *,
    ours: Mapping[str, str],
    with_faces: frozenset[str],
    theme: Theme = LIGHT,
) -> bytes:
    """Draw each photograph's input, and below it what lienet makes of it, pixel by pixel.

    A larger picture is cropped, about its largest face or where its reference has most detail. A
    smaller input is enlarged by whole pixels.

    Args:
        comparisons: one of each task.
        ours: lienet's row, by task.
        with_faces: the tasks whose photographs are of faces.
        theme: ground and inks.
    """
    given, made = [], []
    for each in comparisons:
        choose = choose_face_crop if each.task in with_faces else choose_crop
        crop = choose(each.reference, height_px=_TILE_PX, width_px=_TILE_PX)
        enhanced, name = each.enhanced[ours[each.task]], ours[each.task]
        small = crop.cut(each.degraded, shrink=each.scale)
        enlarged = small.repeat(each.scale, axis=0).repeat(each.scale, axis=1)
        given.append(Tile(enlarged, title_task(each.task), _say_size(each.degraded)))
        made.append(Tile(crop.cut(enhanced), name, _say_size(enhanced), is_ours=True))
    lines = [Line("What is given", given), Line("What is made of it", made)]
    return draw_grid(lines, tile_px=_TILE_PX, zoom_whole=True, theme=theme)


def _say_size(pixels: Pixels) -> str:
    height, width = pixels.shape[:2]
    return f"{width}\N{MULTIPLICATION SIGN}{height} px"
