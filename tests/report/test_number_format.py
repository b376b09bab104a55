"""Counts, intervals and names are said alike everywhere."""

from __future__ import annotations

import pytest

from lienet.evaluation.scores import Interval
from lienet.params import metrics
from lienet.report import number_format as words


@pytest.mark.parametrize(
    ("count", "said"),
    [
        (None, "–"),
        (0, "0"),
        (999, "999"),
        (1000, "1.00 k"),
        (124_300, "124.3 k"),
        (7_123_456_789, "7.12 G"),
        (2_500_000, "2.50 M"),
    ],
)
def test_counts(count: int | None, said: str):
    assert words.format_count(count) == said


def test_an_interval_of_one_image_is_left_out():
    gain = Interval(0.4312, 0.31, 0.55)
    assert words.format_interval(gain, 2, 24) == "+0.43 [+0.31, +0.55]"
    assert words.format_interval(gain, 2, 1) == "+0.43"
    assert words.format_interval(Interval(-0.02, -0.05, 0.01), 2, 24) == "-0.02 [-0.05, +0.01]"


def test_gains_are_over_bicubic_in_super_resolution_and_over_the_input_elsewhere():
    assert words.name_baseline(enlarges=True) == "bicubic"
    assert words.name_baseline(enlarges=False) == "the input"


def test_tasks_of_ones_own_have_their_names_as_headings():
    assert words.title_task("sr") == "Super-resolution"
    assert words.title_task("blue_noise") == "Blue noise"


def test_places_and_numbers_of_things():
    assert [words.name_ordinal(place) for place in (1, 2, 4)] == ["first", "second", "4th"]
    assert words.count_noun(1, "image") == "1 image"
    assert words.count_noun(1200, "image") == "1,200 images"


def test_a_column_says_where_less_is_better():
    assert words.title_metric(metrics.get("ssimulacra2")) == "SSIMULACRA2"
    assert words.title_metric(metrics.get("flip")()) == "FLIP (less is better)"
