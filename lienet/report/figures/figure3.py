"""Figure 3: the AI feature map of a test image, channel by channel."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from lienet.report.features import NetworkFeatures
from lienet.report.figures.grid import Line, Tile, draw_grid
from lienet.report.number_format import title_task
from lienet.report.palette import LIGHT, Theme

_TILE_PX = 208
_COLUMNS = 6


def draw_figure3(maps: Sequence[NetworkFeatures], *, theme: Theme = LIGHT) -> bytes:
    """Draw each map beside its input; a channel runs from its lowest value to its highest."""
    lines = []
    for each in maps:
        title = f"{title_task(each.task)}: what {each.model} sees in {each.seen.key}"
        tiles = [Tile(each.seen.degraded, "input")]
        for place, channel in enumerate(each.seen.channels):
            note = f"{each.seen.low[place]:+.2f} to {each.seen.high[place]:+.2f}"
            grey = np.repeat(channel[..., None], 3, axis=2)
            tiles.append(Tile(grey, f"{place + 1}", note))
        for start in range(0, len(tiles), _COLUMNS):
            lines.append(Line("" if start else title, tiles[start : start + _COLUMNS]))
    return draw_grid(lines, tile_px=_TILE_PX, theme=theme)
