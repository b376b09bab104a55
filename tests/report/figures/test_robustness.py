"""Lines of gain against quality: where they run, what their marks say, the same bytes again."""

from __future__ import annotations

import pytest
from matplotlib.axes import Axes
from matplotlib.colors import to_hex
from matplotlib.lines import Line2D

from lienet.evaluation.scores import Interval
from lienet.images import decode_image
from lienet.report.figures.canvas import make_figure
from lienet.report.figures.robustness import (
    draw_panel,
    draw_robustness,
    is_trained,
    say_trained,
)
from lienet.report.palette import DARK, LIGHT
from lienet.report.robustness import Curve, Robustness


def make_curve(task: str = "sr", model: str = "lienet", trained=(20, 20), **means: float) -> Curve:
    means = means or {"q10": -0.1, "q20": 0.4, "q40": 0.2}
    gains = {int(name[1:]): Interval(mean, mean - 0.1, mean + 0.2) for name, mean in means.items()}
    return Curve(task, model, trained, gains, is_ours=model == "lienet")


def make_found(*curves: Curve, test_set: str = "set", colour: str = "luma") -> Robustness:
    return Robustness(test_set, 24, 4, colour, "4:2:0", curves)


def draw(*curves: Curve) -> Axes:
    axes = make_figure(900, 700, LIGHT).add_axes((0.1, 0.1, 0.6, 0.7))
    draw_panel(axes, make_found(*curves), LIGHT)
    return axes


def lines_of(axes: Axes) -> list[Line2D]:
    """Return the lines that run through all three qualities of a curve."""
    whole = [line for line in axes.lines if line.get_transform() is axes.transData]
    return [line for line in whole if len(line.get_xdata()) == 3]


def test_a_line_runs_through_its_gains_and_intervals_stand_on_it():
    axes = draw(make_curve())
    zero, line, *marks = axes.lines
    assert list(zero.get_ydata()) == [0.0, 0.0]
    assert list(line.get_xdata()) == [10, 20, 40]
    assert list(line.get_ydata()) == [-0.1, 0.4, 0.2]
    (intervals,) = axes.collections
    assert [segment[:, 1].tolist() for segment in intervals.get_segments()] == [
        pytest.approx(ends) for ends in ([-0.2, 0.1], [0.3, 0.6], [0.1, 0.4])
    ]
    filled = [to_hex(mark.get_markerfacecolor()) != LIGHT.paper for mark in marks[:3]]
    assert filled == [False, True, False], "it learned from 20 alone"
    assert list(axes.get_xticks()) == [10, 20, 40]
    low, high = axes.get_ylim()
    assert low < -0.2
    assert high > 0.6
    assert (axes.get_xlabel(), axes.get_ylabel()) == (
        "JPEG quality of the input",
        "gain over bicubic (dB)",
    )


def test_neighbouring_lines_stand_apart_and_never_reach_the_next_quality():
    few = draw(make_curve(), make_curve("sr_mixed"))
    first, second = (list(line.get_xdata()) for line in lines_of(few))
    assert all(0 < right - left < 1 for left, right in zip(first, second, strict=True))
    many = draw(*(make_curve(model=f"net_{number}") for number in range(40)))
    lines = [list(line.get_xdata()) for line in lines_of(many)]
    assert max(line[0] for line in lines) < min(line[1] for line in lines)


def test_one_network_of_two_tasks_has_two_shades_and_says_what_it_learned_from():
    axes = draw(make_curve(), make_curve("sr_mixed", trained=(10.0, 60.0)))
    assert len({line.get_color() for line in lines_of(axes)}) == 2
    said = [text.get_text() for text in axes.texts]
    assert said.count("lienet") == 2
    assert {"trained at quality 20", "trained at quality 10 to 60", "bicubic"} <= {*said}


@pytest.mark.parametrize(
    ("trained", "at_20", "said"),
    [
        ((20, 20), True, "trained at quality 20"),
        ((30.0, 60.0), False, "trained at quality 30 to 60"),
        (None, False, "denoise"),
    ],
)
def test_what_a_network_learned_from_is_told(trained, at_20: bool, said: str):
    curve = make_curve("denoise", trained=trained)
    assert is_trained(curve, 20) is at_20
    assert say_trained(curve) == said


def test_test_sets_stand_side_by_side_and_ways_of_measuring_below_one_another():
    one = decode_image(draw_robustness([make_found(make_curve())]))
    sets = [make_found(make_curve(), test_set=name) for name in ("a", "b")]
    other = make_found(make_curve(), colour="rgb")
    several = decode_image(draw_robustness([*sets, other], theme=DARK))
    assert several.shape == (2 * one.shape[0], 2 * one.shape[1], 3)
    assert tuple(several[0, 0]) == tuple(bytes.fromhex(DARK.paper[1:]))


def test_long_names_have_room():
    long = make_found(make_curve(model="a_network_whose_name_is_long"))
    assert (
        decode_image(draw_robustness([long])).shape[1]
        > decode_image(draw_robustness([make_found(make_curve())])).shape[1]
    )


def test_the_same_gains_give_the_same_bytes_and_others_others():
    found = [make_found(make_curve())]
    assert draw_robustness(found) == draw_robustness(found)
    assert draw_robustness(found) != draw_robustness([make_found(make_curve(q10=0.1, q20=0.2))])
