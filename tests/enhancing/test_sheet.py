"""A sheet shows the same part of a picture by every network, each under its name."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from lienet.degradations.resize import resize_bicubic
from lienet.enhancing.sheet import compare_models, draw_sheet
from lienet.errors import InputError
from tests.enhancing.networks import make_model
from tests.pictures.made import noise


def test_cells_are_the_middle_of_the_whole_picture(tmp_path: Path):
    pixels, model = noise(3, size_px=(300, 400)), make_model(tmp_path, 2, model="twice")
    baseline, cell = compare_models(pixels, [model], tile_px=128)
    middle = pixels[22:278, 72:328]
    np.testing.assert_array_equal(cell.pixels, middle.repeat(2, axis=0).repeat(2, axis=1))
    np.testing.assert_array_equal(baseline.pixels, resize_bicubic(middle, scale=2))
    assert baseline.title == "bicubic"
    assert cell.title.startswith("twice, ")


def test_grey_and_deep_pictures_smaller_than_a_cell_are_shown_whole(tmp_path: Path):
    pixels, model = noise(2, np.uint16, (20, 30)), make_model(tmp_path, 1)
    baseline, cell = compare_models(pixels, [model])
    assert baseline.title == "input"
    np.testing.assert_array_equal(cell.pixels, baseline.pixels)
    assert cell.pixels.shape == (20, 30, 3)


def test_the_sheet_holds_every_cell_unscaled(tmp_path: Path):
    cells = compare_models(noise(3), [make_model(tmp_path, 2)] * 3)
    sheet = draw_sheet(cells)
    for row, column, cell in ((0, 0, cells[0]), (0, 1, cells[1]), (1, 1, cells[3])):
        top, left = 12 + 28 + row * (40 + 28 + 12), 12 + column * (256 + 12)
        np.testing.assert_array_equal(sheet[top : top + 40, left : left + 60], cell.pixels)


def test_networks_of_different_scales_are_not_compared(tmp_path: Path):
    with pytest.raises(InputError, match="have one scale, got x2, x4"):
        compare_models(noise(3), [make_model(tmp_path, 2), make_model(tmp_path, 4)])
    with pytest.raises(InputError, match="got none; see lienet models --weights"):
        compare_models(noise(3), [])
