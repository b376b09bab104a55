"""The canvas is measured in pixels, and its PNG tells nothing but the picture."""

from __future__ import annotations

import numpy as np

from lienet.images import decode_image
from lienet.report.figures.canvas import make_figure, place_image, to_png, write_label
from lienet.report.palette import LIGHT


def test_pixels_land_one_to_one_where_they_are_put():
    pixels = np.random.default_rng(0).integers(0, 256, (20, 30, 3), np.uint8)
    figure = make_figure(101, 77, LIGHT)
    place_image(figure, pixels, 13, 9)
    drawn = decode_image(to_png(figure))
    assert drawn.shape == (77, 101, 3)
    assert np.array_equal(drawn[9:29, 13:43], pixels)
    drawn[9:29, 13:43] = 255
    assert np.all(drawn == 255)


def test_a_label_stays_below_its_corner_and_ends_where_it_is_told():
    figure = make_figure(200, 100, LIGHT)
    write_label(figure, "label", (150, 40), LIGHT.ink, points=12, align="right")
    marked = np.argwhere(decode_image(to_png(figure)).min(axis=2) < 128)
    assert marked[:, 0].min() >= 39
    assert marked[:, 1].max() <= 150


def test_the_png_carries_no_text():
    png = to_png(make_figure(10, 10, LIGHT))
    assert b"tEXt" not in png
    assert b"tIME" not in png
