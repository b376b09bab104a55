from __future__ import annotations

import numpy as np

from lienet.images import decode_image
from lienet.report.features import load_feature_maps
from lienet.report.figures.figure3 import draw_figure3


def test_every_channel_is_drawn_beside_the_input(other_workspace, other_groups):
    maps = load_feature_maps(other_workspace, other_groups)
    one, two = (decode_image(draw_figure3(maps[:count])) for count in (1, 2))
    assert one.shape[1] == two.shape[1]
    assert two.shape[0] > 1.8 * one.shape[0]
    colours = one.astype(int)
    is_grey = np.ptp(colours, axis=2) == 0
    assert is_grey.mean() > 0.85  # the input alone has colour
    assert draw_figure3(maps) == draw_figure3(maps)
