from __future__ import annotations

import numpy as np

from lienet.images import decode_image
from lienet.report.figures.figure1 import draw_figure1
from lienet.report.pictures import Comparison

TOP_PX = 28 + 34
BELOW_PX = TOP_PX + 320 + 30 + 22 + 34


def compare(task: str, *, scale: int, shades: tuple[int, int, int]) -> Comparison:
    """A flat photograph of 640x480 px whose input, result and rival have a shade each."""
    given, made, other = shades
    size = (480, 640, 3)
    return Comparison(
        task=task,
        protocol="rgb",
        key="a",
        test_set="kodak24",
        scale=scale,
        reference=np.full(size, 250, np.uint8),
        degraded=np.full((480 // scale, 640 // scale, 3), given, np.uint8),
        enhanced={"rival": np.full(size, other, np.uint8), "ours": np.full(size, made, np.uint8)},
        psnr_db={},
    )


def test_what_is_given_stands_above_what_ours_makes_of_it_at_one_size():
    pairs = [
        compare("sr", scale=4, shades=(10, 20, 90)),
        compare("face", scale=1, shades=(30, 40, 95)),
    ]
    drawn = decode_image(
        draw_figure1(pairs, ours={"sr": "ours", "face": "ours"}, with_faces=frozenset({"face"}))
    )[..., 0]
    for column, (given, made) in enumerate(((10, 20), (30, 40))):
        left = 28 + column * (320 + 12)
        assert (drawn[TOP_PX : TOP_PX + 320, left : left + 320] == given).all()
        assert (drawn[BELOW_PX : BELOW_PX + 320, left : left + 320] == made).all()
    assert drawn.shape == (BELOW_PX + 320 + 30 + 28, 28 + 2 * 332 - 12 + 28)
