"""Figure 7 shows the very pixels of every version, enlarged by whole numbers."""

from __future__ import annotations

import numpy as np
import pytest

from lienet.images import decode_image
from lienet.report.crops import choose_crop
from lienet.report.figures import figure7
from lienet.report.figures.figure7 import draw_figure7
from lienet.report.pictures import Comparison, load_comparisons


@pytest.fixture(scope="module")
def comparisons(params, workspace, groups, per_image) -> list[Comparison]:
    return load_comparisons(params, workspace, groups, per_image)


def find_tile(drawn: np.ndarray, tile: np.ndarray) -> bool:
    height, width = tile.shape[:2]
    corners = np.argwhere((drawn[: 1 - height, : 1 - width] == tile[0, 0]).all(axis=2))
    return any(
        np.array_equal(drawn[top : top + height, left : left + width], tile)
        for top, left in corners
    )


def test_every_version_is_there_pixel_by_pixel(comparisons):
    drawn = decode_image(draw_figure7(comparisons[:1], crop_px=64))
    first = comparisons[0]
    crop = choose_crop(first.reference, height_px=64, width_px=64)
    for pixels in (first.reference, *first.enhanced.values()):
        assert find_tile(drawn, crop.cut(pixels).repeat(4, axis=0).repeat(4, axis=1))
    degraded = crop.cut(first.degraded, shrink=4)
    assert find_tile(drawn, degraded.repeat(16, axis=0).repeat(16, axis=1))


def test_labels_name_each_version_with_the_psnr_of_its_photograph(comparisons):
    crop = choose_crop(comparisons[0].reference, height_px=64, width_px=64)
    tiles = figure7._cut_tiles(comparisons[0], crop, 4)
    assert [name for name, _, _ in tiles] == [
        "reference", "input", "bicubic", "srgan", "esrgan", "sftgan", "lienet",
    ]  # fmt: skip
    assert [score for _, score, _ in tiles[:2]] == ["", ""]
    assert tiles[-1][1] == f"{comparisons[0].psnr_db['lienet']:.2f} dB"


def test_the_same_photographs_give_the_same_bytes(comparisons):
    assert draw_figure7(comparisons[:1], crop_px=64) == draw_figure7(comparisons[:1], crop_px=64)


@pytest.mark.parametrize("crop_px", [96, 4000])
def test_a_row_for_each_photograph_at_any_size_of_crop(comparisons, crop_px: int):
    one = decode_image(draw_figure7(comparisons[:1], crop_px=crop_px))
    two = decode_image(draw_figure7(comparisons[:2], crop_px=crop_px))
    margin = figure7._MARGIN_PX
    assert two.shape[0] - margin == 2 * (one.shape[0] - margin)
    assert two.shape[1] == one.shape[1]


def test_a_long_key_gives_way_in_its_middle():
    assert figure7._shorten("kodak24__1") == "kodak24__1"
    short = figure7._shorten("clic2025__" + "0123456789abcdef" * 4)
    assert short == "clic2025__012345678…6789abcdef"
    assert len(short) == 30
