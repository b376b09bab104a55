"""Scores of methods from pairs that people compared: the model of Bradley and Terry.

Owns the estimate, whether there is one at all, and how sure a difference of two scores is. A tie
counts half a win for each.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lienet.errors import DataError
from lienet.evaluation.intervals import Estimate
from lienet.rating.answers import Answer

_MAX_STEPS = 100
_TOLERANCE = 1e-9
Floats = NDArray[np.float64]
Codes = NDArray[np.intp]


@dataclass(frozen=True)
class Scores:
    """The log-strength of each method; their mean is zero."""

    log_strengths: Floats
    """One for each method: the log-odds that it is preferred to another is the difference."""
    _influences: Floats
    """``answers methods``: what each answer added to each log-strength."""
    _clusters: tuple[Codes, Codes]
    """Of each answer: which rater, and which picture."""

    def compare(self, weights: Floats) -> Estimate:
        """Estimate a weighted sum of log-strengths, the weights adding up to zero.

        One person's answers are alike, and so are all answers about one picture. The variance is
        the sum of two parts, over clusters of answers by one rater, and by one picture: the squares
        of what each cluster added to the sum, times n / (n - 1) for n clusters. What single answers
        add is in both parts, so their sum is rather too large than too small. The degrees of
        freedom are Satterthwaite's, with n - 1 of each part. One cluster alone says nothing of its
        kind and has no part: the interval then holds for this very rater, or picture. Where answers
        cancel out within clusters, as a handful may, the variance is that of single answers.

        Sources: Cameron, Gelbach and Miller, "Robust inference with multiway clustering", Journal
        of Business and Economic Statistics 29, 2011, who take off what is in both parts; Papke and
        Wooldridge, "Econometric methods for fractional response variables", Journal of Applied
        Econometrics 11, 1996, for odds whose outcomes may be a half; Satterthwaite, "An approximate
        distribution of estimates of variance components", Biometrics Bulletin 2, 1946.
        """
        influences = self._influences @ weights
        parts = [_sum_squares(influences, clusters) for clusters in self._clusters]
        known = [(part, freedom) for part, freedom in parts if freedom]
        total = sum(part for part, _ in known)
        spent = sum(part**2 / freedom for part, freedom in known)
        freedom = total**2 / spent if spent else float(min(freedom for _, freedom in known))
        singly, _ = _sum_squares(influences, np.arange(influences.size))
        return Estimate(float(self.log_strengths @ weights), max(total, singly), freedom)


def fit_scores(methods: Sequence[str], answers: Sequence[Answer]) -> Scores:
    """Fit log-strengths to answers by maximum likelihood.

    The probability that the left of two is preferred is that of a logistic function of the
    difference of their log-strengths; a tie is half an answer for each. Sources: Bradley and Terry,
    "Rank analysis of incomplete block designs", Biometrika 39, 1952; the likelihood has one
    maximum where :func:`find_obstacle` finds nothing, as Ford showed, American Mathematical Monthly
    64, 1957.

    Args:
        methods: in the order of the scores.
        answers: of methods among these.

    Raises:
        DataError: there is no such maximum, or nothing that tells how sure it is.
    """
    if (obstacle := find_obstacle(methods, answers)) is not None:
        raise DataError(obstacle)
    design, outcomes = _tabulate(methods, answers)
    strengths: Floats = np.zeros(len(methods))
    for _ in range(_MAX_STEPS):
        expected = 1.0 / (1.0 + np.exp(-design @ strengths))
        information = design.T @ (design * (expected * (1.0 - expected))[:, None])
        slopes = design * (outcomes - expected)[:, None]
        # One is added to all: the mean of strengths is free, and would leave no inverse.
        influences: Floats = np.linalg.solve(information + 1.0, slopes.T).T.astype(np.float64)
        step = influences.sum(axis=0)
        if np.abs(step).max() < _TOLERANCE:
            return Scores(strengths, influences, _cluster(answers))
        strengths = strengths + step / max(1.0, float(np.abs(step).max()))
    raise DataError("the scores do not settle", remedy="rate more pairs")


def find_obstacle(methods: Sequence[str], answers: Sequence[Answer]) -> str | None:
    """Say in one line why answers give no scores; None if they do."""
    from scipy.sparse.csgraph import connected_components

    places = {method: place for place, method in enumerate(methods)}
    is_beaten = np.zeros((len(methods), len(methods)), dtype=np.int8)
    for answer in answers:
        left, right = places[answer.left], places[answer.right]
        is_beaten[left, right] |= answer.choice != "right"
        is_beaten[right, left] |= answer.choice != "left"
    _, groups = connected_components(is_beaten, directed=False)
    if groups.any():
        named = " and ".join(
            ", ".join(np.array(methods)[groups == group]) for group in range(groups.max() + 1)
        )
        return f"methods that nobody compared, even by way of others, have no scores: {named}"
    _, groups = connected_components(is_beaten, connection="strong")
    for group in range(groups.max() + 1) if groups.any() else ():
        inside = groups == group
        if not is_beaten[np.ix_(~inside, inside)].any():
            named = ", ".join(np.array(methods)[inside])
            return f"no bound on how much better these are, which lost to no other: {named}"
    if all(answer.choice == "same" for answer in answers):
        return "nobody saw a difference in any pair, which does not tell how sure that is"
    if len({(answer.rater, answer.picture) for answer in answers}) == 1:
        return "one rater and one picture say nothing of others"
    return None


def _tabulate(methods: Sequence[str], answers: Sequence[Answer]) -> tuple[Floats, Floats]:
    """Return +1 for the left and -1 for the right, ``answers methods``; and 1, 1/2 or 0."""
    places = {method: place for place, method in enumerate(methods)}
    design = np.zeros((len(answers), len(methods)))
    for row, answer in enumerate(answers):
        design[row, places[answer.left]], design[row, places[answer.right]] = 1.0, -1.0
    worth = {"left": 1.0, "same": 0.5, "right": 0.0}
    return design, np.array([worth[answer.choice] for answer in answers])


def _cluster(answers: Sequence[Answer]) -> tuple[Codes, Codes]:
    raters = np.unique([answer.rater for answer in answers], return_inverse=True)[1]
    pictures = np.unique([answer.picture for answer in answers], return_inverse=True)[1]
    return raters, pictures


def _sum_squares(influences: Floats, clusters: Codes) -> tuple[float, int]:
    """Return the variance of a sum of what clusters added, and its degrees of freedom."""
    sums = np.bincount(clusters, influences)
    if sums.size < 2:
        return 0.0, 0
    return float(sums.size / (sums.size - 1) * np.square(sums).sum()), sums.size - 1
