from __future__ import annotations

import json
import math

import pytest
from rich.console import Console, RenderableType

from lienet.rating.summary import draw_summary, summarise, summary_as_json
from tests.rating.made_answers import repeat


def spell(parts: list[RenderableType]) -> str:
    console = Console(width=200, force_terminal=False, highlight=False, markup=False)
    with console.capture() as captured:
        for part in parts:
            console.print(part)
    return captured.get()


def test_methods_and_differences_stand_best_first():
    answers = repeat("a", "b", left=5, right=15) + repeat("b", "a", rater="two", same=1)
    found = summarise(["a", "b"], answers)
    assert (found.num_raters, found.num_pictures, found.num_answers) == (2, 21, 21)
    assert [each.method for each in found.methods] == ["b", "a"]
    first = found.methods[0]
    assert (first.num_better, first.num_same, first.num_worse) == (15, 1, 5)
    (difference,) = found.differences
    assert (difference.method, difference.other) == ("b", "a")
    assert difference.log_odds.mean == pytest.approx(math.log(15.5 / 5.5))
    assert difference.share.mean == pytest.approx(15.5 / 21)
    odds = math.exp(difference.log_odds.low)
    assert difference.share.low == pytest.approx(odds / (1 + odds))
    assert first.score is not None
    assert first.score.mean == pytest.approx(difference.log_odds.mean / 2)
    assert first.score.low == pytest.approx(difference.log_odds.low / 2)


def test_the_table_says_what_a_single_rater_s_interval_holds_for():
    text = spell(draw_summary(summarise(["a", "b"], repeat("a", "b", left=15, right=5))))
    assert "20 answers by 1 rater about 20 pictures" in text
    assert "75% [50%, 90%]" in text
    assert "one rater: the intervals hold for this rater alone" in text


def test_without_scores_counts_are_shown_and_why_in_one_line():
    found = summarise(["a", "b"], repeat("a", "b", left=3))
    text = spell(draw_summary(found))
    assert "no scores: no bound on how much better these are, which lost to no other: a" in text
    assert found.differences == ()
    assert [each.score for each in found.methods] == [None, None]


def test_json_holds_all_of_it():
    plain = json.loads(
        json.dumps(summary_as_json(summarise(["a", "b"], repeat("a", "b", left=2, right=1))))
    )
    assert plain["confidence"] == 0.95
    assert plain["obstacle"] is None
    assert plain["differences"][0]["log_odds"]["mean"] == pytest.approx(math.log(2))
    assert plain["methods"][1]["num_worse"] == 2
