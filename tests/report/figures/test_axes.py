"""What panels share: titles in their places, labels apart, in order and beside what they name."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from matplotlib.axes import Axes

from lienet.report.figures.axes import SideLabel, spread, style_axes, write_side_labels
from lienet.report.figures.canvas import make_figure
from lienet.report.palette import DARK, LIGHT


@pytest.fixture
def axes() -> Axes:
    return make_figure(800, 800, LIGHT).add_axes((0.1, 0.1, 0.5, 0.8))


def test_titles_stand_where_they_belong_on_the_themes_ground(axes: Axes):
    words = {"title": "set", "note": "how", "x_title": "cost", "y_title": "gain", "better": "up"}
    style_axes(axes, DARK, **words)
    assert axes.get_title(loc="left") == "set"
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("cost", "gain")
    assert [text.get_text() for text in axes.texts] == ["how", "up"]
    ground = tuple(part / 255 for part in bytes.fromhex(DARK.paper[1:]))
    assert axes.get_facecolor()[:3] == pytest.approx(ground)


def test_a_label_leads_from_its_mark_to_its_place(axes: Axes):
    line = SideLabel("line", "no mark", "#111111", (1.0, 0.50))
    mark = SideLabel("mark", "above it", "#222222", (0.25, 0.51), is_ours=True)
    write_side_labels(axes, [line, mark], LIGHT)
    first, second = axes.lines
    place = axes.texts[2].xy[1]
    assert list(first.get_xdata()) == [1.0, 1.0, 1.05]
    assert list(first.get_ydata()) == [0.5, 0.5, 0.5]
    # 57 of the 640 px of the axes' height lie between two labels.
    assert place == pytest.approx(0.5 + 57 / 640)
    assert list(second.get_xdata()) == [0.25, 1.0, 1.05]
    assert list(second.get_ydata()) == [0.51, place, place]
    assert [text.get_text() for text in axes.texts] == ["line", "no mark", "mark", "above it"]
    assert [text.get_fontweight() for text in axes.texts[::2]] == ["normal", "bold"]


@given(st.lists(st.floats(0, 1), min_size=1, max_size=9))
def test_labels_keep_their_order_and_distance(wanted: list[float]):
    places = spread(sorted(wanted), gap=0.125)
    assert all(after - before >= 0.125 - 1e-9 for before, after in pairwise(places))
    assert places[0] >= 0.0
    assert places[-1] <= 1.0


def test_labels_far_apart_stay_where_they_are():
    assert spread([0.1, 0.5, 0.9], gap=0.125) == [0.1, 0.5, 0.9]
