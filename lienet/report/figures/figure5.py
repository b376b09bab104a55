"""Figure 5: what the old-photograph recipe makes of a photograph, mild, middling and strong."""

from __future__ import annotations

from collections.abc import Sequence

from lienet.report.figures.grid import Line, Tile, draw_grid
from lienet.report.old_photo_strengths import STRENGTHS, AgedPhotograph
from lienet.report.palette import LIGHT, Theme

_TILE_PX = 360


def draw_figure5(photographs: Sequence[AgedPhotograph], *, theme: Theme = LIGHT) -> bytes:
    """Draw each photograph beside its degraded versions."""
    lines = [
        Line(
            each.key,
            [
                Tile(each.original, "original"),
                *(
                    Tile(pixels, f"{name} strength", f"{STRENGTHS[name]:g}")
                    for name, pixels in each.aged.items()
                ),
            ],
        )
        for each in photographs
    ]
    return draw_grid(lines, tile_px=_TILE_PX, theme=theme)
