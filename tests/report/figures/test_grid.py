from __future__ import annotations

import numpy as np

from lienet.images import decode_image
from lienet.report.figures.grid import Line, Tile, draw_grid
from lienet.report.palette import DARK


def test_pictures_lie_side_by_side_one_to_one():
    red = np.full((40, 50, 3), (255, 0, 0), np.uint8)
    blue = np.full((40, 50, 3), (0, 0, 255), np.uint8)
    drawn = decode_image(draw_grid([Line("", [Tile(red, "a"), Tile(blue, "b")])], tile_px=50))
    assert (drawn == (255, 0, 0)).all(axis=2).sum() == 40 * 50
    assert (drawn[28:68, 28:78] == (255, 0, 0)).all()
    assert (drawn[28:68, 90:140] == (0, 0, 255)).all()


def test_whole_zoom_repeats_pixels_and_a_heading_takes_room():
    pixels = np.arange(27, dtype=np.uint8).reshape(3, 3, 3) * 9
    plain = decode_image(draw_grid([Line("", [Tile(pixels, "a")])], tile_px=13, zoom_whole=True))
    assert np.array_equal(plain[28:40, 28:40], pixels.repeat(4, axis=0).repeat(4, axis=1))
    titled = decode_image(draw_grid([Line("t", [Tile(pixels, "a")])], tile_px=13, zoom_whole=True))
    assert titled.shape[0] == plain.shape[0] + 34


def test_the_ground_is_the_theme_s():
    tile = Tile(np.zeros((8, 8, 3), np.uint8), "a")
    drawn = decode_image(draw_grid([Line("", [tile])], tile_px=8, theme=DARK))
    assert tuple(drawn[0, 0]) == tuple(bytes.fromhex(DARK.paper[1:]))
