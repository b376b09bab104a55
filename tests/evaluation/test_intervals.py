"""Intervals, p-values and Holm's correction, by figures computed by hand or published."""

from __future__ import annotations

import numpy as np
import pytest

from lienet.errors import DataError
from lienet.evaluation.intervals import (
    Estimate,
    correct_by_holm,
    estimate_mean,
    estimate_over_seeds,
    make_bound,
)
from lienet.evaluation.scores import Interval

# Additional hours of sleep by one drug less those by another, ten patients: Student 1908, table I.
SLEEP = [1.2, 2.4, 1.3, 1.3, 0.0, 1.0, 1.8, 0.8, 4.6, 1.4]


def percentile_interval(differences: np.ndarray, resamples: int) -> tuple[float, float]:
    """The percentile bootstrap, to be held against."""
    draws = np.random.default_rng(0).integers(differences.size, size=(resamples, differences.size))
    low, high = np.quantile(differences[draws].mean(axis=1), (0.025, 0.975))
    return float(low), float(high)


def test_student_s_own_example_has_the_known_interval_and_p_value():
    """As R prints it: t.test(extra ~ group, data = sleep, paired = TRUE)."""
    found = estimate_mean(SLEEP)
    interval = found.bound(0.95)
    assert found.mean == pytest.approx(1.58)
    assert found.degrees_of_freedom == 9
    assert (interval.low, interval.high) == pytest.approx((0.7001142, 2.4598858), abs=1e-7)
    assert found.p_value == pytest.approx(0.002833, abs=5e-7)


def test_two_and_three_images_by_hand():
    """t is 12.7062 for 1 degree of freedom and 4.30265 for 2; for 2, p = 1 - t / sqrt(t^2 + 2)."""
    two = make_bound(0.95)([1.0, 2.0])
    assert (two.low, two.mean, two.high) == pytest.approx((1.5 - 6.3531, 1.5, 1.5 + 6.3531))
    three = estimate_mean([1.0, 2.0, 3.0])
    half = 4.30265 / 3**0.5
    assert three.bound(0.95).high == pytest.approx(2 + half, abs=1e-4)
    t = 2 * 3**0.5
    assert three.p_value == pytest.approx(1 - t / (t**2 + 2) ** 0.5)


def test_a_shift_of_every_difference_shifts_the_interval_and_a_factor_scales_it():
    plain, moved = (estimate_mean(np.array(SLEEP) + shift).bound(0.9) for shift in (0.0, 3.0))
    assert moved.low == pytest.approx(plain.low + 3)
    assert moved.high == pytest.approx(plain.high + 3)
    scaled = estimate_mean(np.array(SLEEP) * -2).bound(0.9)
    assert (scaled.low, scaled.high) == pytest.approx((-2 * plain.high, -2 * plain.low))


def test_one_image_has_an_interval_of_no_width_and_proves_nothing():
    found = estimate_mean([0.25])
    assert found.bound(0.95) == Interval(0.25, 0.25, 0.25)
    assert found.p_value == 1.0


def test_differences_without_any_spread_are_sure_unless_they_are_zero():
    assert estimate_mean([0.5, 0.5, 0.5]).bound(0.95) == Interval(0.5, 0.5, 0.5)
    assert estimate_mean([0.5, 0.5, 0.5]).p_value == 0.0
    assert estimate_mean([0.0, 0.0, 0.0]).p_value == 1.0


@pytest.mark.parametrize("differences", [[], [0.1, float("nan")], [float("inf")], [[0.1, 0.2]]])
def test_differences_that_say_nothing_are_refused(differences: list[float]):
    with pytest.raises(DataError, match="finite differences"):
        estimate_mean(differences)


def test_of_ten_images_the_interval_covers_the_true_mean_as_often_as_it_says():
    """Near 95% of 4,000 samples (standard error 0.34%); the percentile bootstrap is not."""
    samples = np.random.default_rng(3).normal(0.3, 1.0, (4000, 10))
    covered = [each.low <= 0.3 <= each.high for each in map(make_bound(0.95), samples)]
    assert np.mean(covered) == pytest.approx(0.95, abs=0.0105)
    former = [low <= 0.3 <= high for low, high in (percentile_interval(s, 500) for s in samples)]
    assert np.mean(former) < 0.92


def test_models_of_one_seed_are_compared_over_images_alone():
    found = estimate_over_seeds([SLEEP], [[0.0] * 10])
    assert found == estimate_mean(SLEEP)


def test_two_seeds_against_one_by_hand():
    """Differences over seeds are 2, 3, 4 and seeds' means 2 and 4, against zeros.

    Over images 1/3 with 2 degrees of freedom, between seeds 2/2 with 1; together 4/3 with
    (16/9) / ((1/9)/2 + 1/1) = 32/19.
    """
    found = estimate_over_seeds([[1.0, 2.0, 3.0], [3.0, 4.0, 5.0]], [[0.0, 0.0, 0.0]])
    assert found.mean == 3.0
    assert found.variance == pytest.approx(4 / 3)
    assert found.degrees_of_freedom == pytest.approx(32 / 19)


def test_the_seeds_of_both_models_count_and_turning_the_pair_turns_the_mean():
    """As above, with seeds' means of the other 0 and 6: 18/2 more, with 1 degree of freedom."""
    ours, other = [[1.0, 2.0, 3.0], [3.0, 4.0, 5.0]], [[0.0, 0.0, 0.0], [6.0, 6.0, 6.0]]
    found = estimate_over_seeds(ours, other)
    assert found.mean == 0.0
    assert found.variance == pytest.approx(1 / 3 + 1 + 9)
    freedom = (31 / 3) ** 2 / ((1 / 9) / 2 + 1 + 81)
    assert found.degrees_of_freedom == pytest.approx(freedom)
    turned = estimate_over_seeds(other, ours)
    assert (turned.mean, turned.variance) == pytest.approx((0.0, found.variance))


def test_degrees_of_freedom_are_at_most_those_of_the_images():
    """Equal parts of 2 and of 19 degrees of freedom would be 2^2 / (1/2 + 1/19) = 7.2."""
    seeds = np.array([-1.0, 1.0] * 10) * (19 / 20 * 20 / 3) ** 0.5
    found = estimate_over_seeds(np.array([1.0, 2.0, 3.0]) + seeds[:, None], [[0.0] * 3])
    assert found.variance == pytest.approx(2 / 3)
    assert found.degrees_of_freedom == 2


def test_seeds_that_change_nothing_leave_the_images_interval():
    found = estimate_over_seeds([SLEEP] * 3, [[0.0] * 10])
    assert found.bound(0.95).high == pytest.approx(2.4598858, abs=1e-6)


def test_one_image_says_nothing_however_many_seeds():
    assert estimate_over_seeds([[1.0], [3.0]], [[0.0]]) == Estimate(2.0, 0.0, 0.0)


def test_scores_of_other_images_are_refused():
    with pytest.raises(DataError, match="same images"):
        estimate_over_seeds([[1.0, 2.0]], [[1.0, 2.0, 3.0]])


@pytest.mark.parametrize("between_seeds", [0.0, 0.1, 0.3, 1.0])
def test_intervals_over_seeds_and_images_cover_near_what_they_say(between_seeds: float):
    """Two models of three seeds, ten images; images differ by 1 and seeds on each by 0.3."""
    generator = np.random.default_rng(11)
    covered = []
    for _ in range(3000):
        images = generator.normal(0.0, 1.0, 10)
        ours, other = (
            generator.normal(0.0, between_seeds, (3, 1)) + generator.normal(0.0, 0.3, (3, 10))
            for _ in range(2)
        )
        interval = estimate_over_seeds(ours + images + 0.2, other).bound(0.95)
        covered.append(interval.low <= 0.2 <= interval.high)
    assert 0.94 <= np.mean(covered) <= 0.98


@pytest.mark.parametrize(
    ("p_values", "corrected"),
    [
        ([0.01, 0.04, 0.03, 0.005], [0.03, 0.06, 0.06, 0.02]),
        ([0.02], [0.02]),
        ([0.6, 0.5], [1.0, 1.0]),
        ([0.02, 0.02, 0.9], [0.06, 0.06, 0.9]),
        ([], []),
    ],
)
def test_holm_s_correction_by_hand(p_values: list[float], corrected: list[float]):
    assert correct_by_holm(p_values) == pytest.approx(corrected)


def test_a_family_of_equal_models_rarely_has_a_lead():
    """Of 56 true ties some are below 0.05 almost always; corrected, in at most 5% of families."""
    families = np.random.default_rng(5).uniform(size=(2000, 56))
    plain = np.mean([min(family) < 0.05 for family in families])
    corrected = np.mean([min(correct_by_holm(list(family))) < 0.05 for family in families])
    assert plain > 0.9
    assert corrected < 0.065
