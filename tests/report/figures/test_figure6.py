"""Figure 6: labels apart, markers in place, the same bytes again."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lienet.images import decode_image
from lienet.report.figures import figure6
from lienet.report.figures.figure6 import draw_figure6, spread
from lienet.report.palette import DARK, LIGHT
from lienet.report.tables import Row
from tests.report.evaluated import with_means


def test_the_same_groups_give_the_same_bytes(groups):
    assert draw_figure6(groups[:2]) == draw_figure6(groups[:2])


def test_a_panel_for_each_test_set_on_the_theme_s_ground(groups):
    one = decode_image(draw_figure6(groups[:1]))
    two = decode_image(draw_figure6(groups[:2], theme=DARK))
    assert two.shape[1] == 2 * one.shape[1]
    assert tuple(one[0, 0]) == (255, 255, 255)
    assert tuple(two[0, 0]) == tuple(bytes.fromhex(DARK.paper[1:]))


def test_markers_stand_at_parameters_and_vmaf_and_bicubic_is_a_line(groups):
    figure = figure6.make_figure(800, 600, LIGHT)
    axes = figure.add_subplot()
    figure6._draw_panel(axes, groups[0], LIGHT)
    drawn = [tuple(collection.get_offsets()[0]) for collection in axes.collections]
    assert drawn == [
        (row.evaluation.num_params / 1e3, row.measured.means["vmaf"]) for row in groups[0].rows[1:]
    ]
    areas = [collection.get_sizes()[0] for collection in axes.collections]
    assert areas[3] / areas[1] == pytest.approx(7.1 / 8.4)
    assert list(axes.lines[0].get_ydata()) == [groups[0].rows[0].measured.means["vmaf"]] * 2
    assert {text.get_text() for text in axes.texts} >= {row.model for row in groups[0].rows}


def test_without_vmaf_the_axis_says_that_psnr_stands_in(groups):
    rows = tuple(Row(row.evaluation, with_means(row.measured, vmaf=None)) for row in groups[0].rows)
    figure = figure6.make_figure(800, 600, LIGHT)
    axes = figure.add_subplot()
    figure6._draw_panel(axes, replace(groups[0], rows=rows), LIGHT)
    assert axes.get_ylabel() == "PSNR (dB); VMAF was not measured"
    assert axes.collections[3].get_offsets()[0][1] == rows[4].measured.means["psnr_db"]


@given(st.lists(st.floats(0, 1), min_size=1, max_size=7))
def test_labels_keep_their_order_and_distance(wanted: list[float]):
    places = spread(sorted(wanted), gap=0.125)
    assert all(after - before >= 0.125 - 1e-9 for before, after in pairwise(places))
    assert places[-1] <= 1.0


def test_labels_far_apart_stay_where_they_are():
    assert spread([0.1, 0.5, 0.9], gap=0.125) == [0.1, 0.5, 0.9]
