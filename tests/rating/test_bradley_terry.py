from __future__ import annotations

import math
from itertools import combinations

import numpy as np
import pytest

from lienet.errors import DataError
from lienet.rating.answers import Answer
from lienet.rating.bradley_terry import find_obstacle, fit_scores
from tests.rating.made_answers import repeat, simulate

FIRST_OVER_SECOND = np.array([1.0, -1.0])
AMERICAN_LEAGUE_1987 = {
    "Milwaukee": (1.5814, (0, 7, 9, 7, 7, 9, 11)),
    "Detroit": (1.4364, (6, 0, 7, 5, 11, 9, 9)),
    "Toronto": (1.2945, (4, 6, 0, 7, 7, 8, 12)),
    "New York": (1.2476, (6, 8, 6, 0, 6, 7, 10)),
    "Boston": (1.1077, (6, 2, 6, 7, 0, 7, 12)),
    "Cleveland": (0.6839, (4, 4, 5, 6, 6, 0, 6)),
    "Baltimore": (0.0, (2, 4, 1, 3, 1, 7, 0)),
}
"""Strengths over Baltimore's and games won against each; Agresti, "Categorical Data Analysis"."""


def test_two_methods_have_the_log_odds_of_their_counts():
    scores = fit_scores(["a", "b"], repeat("a", "b", left=15, right=5))
    found = scores.compare(FIRST_OVER_SECOND)
    assert found.mean == pytest.approx(math.log(3))
    # 1 / (n p (1 - p)) as of any log-odds, times n / (n - 1), for 20 pictures
    assert found.variance == pytest.approx(20 / 19 / (20 * 0.75 * 0.25))
    assert found.degrees_of_freedom == 19
    np.testing.assert_allclose(scores.log_strengths, [math.log(3) / 2, -math.log(3) / 2])


def test_a_tie_is_half_a_win_for_each():
    answers = repeat("a", "b", left=6, right=2, same=4)
    assert fit_scores(["a", "b"], answers).compare(FIRST_OVER_SECOND).mean == pytest.approx(
        math.log(8 / 4)
    )


def test_counts_in_proportion_to_strengths_of_1_2_and_4_give_them_back():
    answers = repeat("a", "b", left=1, right=2) + repeat("c", "b", left=2, right=1)
    answers += repeat("a", "c", left=1, right=4)
    found = fit_scores(["a", "b", "c"], answers).log_strengths
    np.testing.assert_allclose(found, np.log([0.5, 1.0, 2.0]), atol=1e-9)


def test_published_strengths_of_seven_teams_are_met():
    teams = list(AMERICAN_LEAGUE_1987)
    answers = []
    for (one, first), (other, second) in combinations(enumerate(teams), 2):
        won = AMERICAN_LEAGUE_1987[first][1][other], AMERICAN_LEAGUE_1987[second][1][one]
        answers += repeat(first, second, left=won[0], right=won[1])
    found = fit_scores(teams, answers).log_strengths
    expected = [strength for strength, _ in AMERICAN_LEAGUE_1987.values()]
    np.testing.assert_allclose(found - found[-1], expected, atol=1e-4)


def test_the_variance_is_that_of_clusters_of_raters_and_of_pictures():
    choices = {"one": "llll", "two": "llrr"}
    answers = [
        Answer(rater, str(picture), "a", "b", "left" if choice == "l" else "right")
        for rater, given in choices.items()
        for picture, choice in enumerate(given)
    ]
    # p = 3/4, information 8 p (1 - p) = 1.5. Residuals add up to 1 and -1 by rater, and by picture
    # to 1/2 twice and -1/2 twice.
    of_raters, of_pictures = 2 / 1 * 2 / 1.5**2, 4 / 3 * 1 / 1.5**2
    found = fit_scores(["a", "b"], answers).compare(FIRST_OVER_SECOND)
    assert found.variance == pytest.approx(of_raters + of_pictures)
    freedom = (of_raters + of_pictures) ** 2 / (of_raters**2 / 1 + of_pictures**2 / 3)
    assert found.degrees_of_freedom == pytest.approx(freedom)


def test_answers_that_cancel_out_are_not_taken_for_sure():
    answers = [
        Answer(rater, picture, "a", "b", "left" if rater == picture else "right")
        for rater in "xy"
        for picture in "xy"
    ]
    found = fit_scores(["a", "b"], answers).compare(FIRST_OVER_SECOND)
    assert (found.mean, found.degrees_of_freedom) == (0, 1)
    assert found.variance == pytest.approx(4 / 3 / (4 * 0.25))  # as of four answers to one question


@pytest.mark.parametrize(
    ("num_raters", "num_pictures", "spread"), [(1, 40, 0.0), (3, 40, 0.1), (6, 20, 0.15)]
)
def test_intervals_of_95_percent_hold_the_truth_as_often(
    num_raters: int, num_pictures: int, spread: float
):
    generator = np.random.default_rng(3)
    truth = math.log(0.65 / 0.35)
    num_held, num_samples = 0, 300
    for _ in range(num_samples):
        answers = simulate(
            generator, num_raters=num_raters, num_pictures=num_pictures, spread=spread
        )
        bound = fit_scores(["a", "b"], answers).compare(FIRST_OVER_SECOND).bound(0.95)
        num_held += bound.low <= truth <= bound.high
    assert 0.93 <= num_held / num_samples <= 0.99


def test_methods_that_never_met_are_named():
    answers = repeat("a", "b", left=1, right=1) + repeat("c", "d", left=1, right=1)
    found = find_obstacle(["a", "b", "c", "d"], answers)
    assert found is not None
    assert found.endswith("have no scores: a, b and c, d")
    with pytest.raises(DataError, match="have no scores: a, b and c, d"):
        fit_scores(["a", "b", "c", "d"], answers)


def test_methods_that_lost_to_no_other_have_no_bound():
    answers = repeat("a", "b", same=2) + repeat("b", "c", left=3) + repeat("a", "c", left=3)
    found = find_obstacle(["c", "b", "a"], answers)
    assert found is not None
    assert found.endswith("which lost to no other: b, a")
    assert find_obstacle(["c", "b", "a"], answers + repeat("b", "c", same=1)) is None


def test_ties_alone_and_a_single_rater_s_single_picture_say_nothing():
    found = find_obstacle(["a", "b"], repeat("a", "b", same=9))
    assert found is not None
    assert "nobody saw a difference" in found
    answers = [Answer("one", "p", *pair, choice="left") for pair in ("ab", "bc", "ca")]
    found = find_obstacle(["a", "b", "c"], answers)
    assert found is not None
    assert found.startswith("one rater and one picture")
