from __future__ import annotations

import numpy as np

from lienet.images import decode_image
from lienet.report.figures.figure5 import draw_figure5
from lienet.report.old_photo_strengths import AgedPhotograph


def test_the_original_stands_first_and_each_strength_beside_it():
    shades = {"low": 200, "middle": 120, "high": 40}
    flat = {name: np.full((90, 360, 3), value, np.uint8) for name, value in shades.items()}
    photograph = AgedPhotograph("a", np.full((90, 360, 3), 250, np.uint8), flat)
    drawn = decode_image(draw_figure5([photograph]))
    row = drawn[28 + 34 + 45, :, 0].tolist()
    places = [row.index(value) for value in (250, 200, 120, 40)]
    assert places == [28, 400, 772, 1144]
