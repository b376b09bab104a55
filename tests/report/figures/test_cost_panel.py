"""A panel of quality against cost: marks in place, labels apart."""

from __future__ import annotations

from itertools import pairwise

import pytest
from matplotlib.axes import Axes

from lienet.report.figures.canvas import make_figure
from lienet.report.figures.cost_panel import Mark, Panel, draw_cost_panel
from lienet.report.palette import LIGHT

LINE = Mark("line", "no cost", "#111111", 20.0, None)
CIRCLE = Mark("circle", "20.5 · 7 G", "#222222", 20.5, 60.0, area_share=0.5, is_ours=True)
DIAMOND = Mark("diamond", "20.4 · 1 ms", "#333333", 20.4, 1.0)


def draw(*marks: Mark) -> Axes:
    axes = make_figure(800, 800, LIGHT).add_subplot()
    panel = Panel("set", "note", "cost (ms)", "quality", (20.0, 21.0), marks)
    draw_cost_panel(axes, panel, LIGHT)
    return axes


def test_a_mark_stands_at_its_cost_and_quality_and_without_cost_is_a_line():
    axes = draw(LINE, CIRCLE, DIAMOND)
    circle, diamond = axes.collections
    assert [tuple(each.get_offsets()[0]) for each in axes.collections] == [(60, 20.5), (1, 20.4)]
    assert len(circle.get_paths()[0].vertices) > len(diamond.get_paths()[0].vertices)
    assert list(axes.lines[0].get_ydata()) == [20.0, 20.0]
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("cost (ms)", "quality")


def test_areas_are_in_proportion_to_their_shares():
    whole = Mark("whole", "", "#444444", 20.2, 50.0, area_share=1.0)
    sizes = [each.get_sizes()[0] for each in draw(CIRCLE, whole).collections]
    assert sizes[0] / sizes[1] == pytest.approx(0.5)


def test_the_range_has_room_for_qualities_that_no_mark_here_has():
    low, high = draw(CIRCLE).get_ylim()
    assert low < 20.0
    assert high > 21.0


def test_labels_of_equal_qualities_do_not_overlap():
    marks = [Mark(f"model_{n}", f"20.5 · {n} ms", "#222222", 20.5, 9.0 + n, 1.0) for n in range(10)]
    axes = draw(*marks)
    shown = {mark.name for mark in marks} | {mark.note for mark in marks}
    boxes = [text.get_window_extent() for text in axes.texts if text.get_text() in shown]
    assert len(boxes) == 20
    boxes.sort(key=lambda box: box.y0)
    assert all(below.y1 <= above.y0 for below, above in pairwise(boxes))
