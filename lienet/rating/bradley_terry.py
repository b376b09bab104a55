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
    _groups: tuple[Codes, Codes, Codes]
    """Of each answer: which rater, which picture, and which rater of which picture."""

    def compare(self, weights: Floats) -> Estimate:
        """Estimate a weighted sum of log-strengths, the weights adding up to zero.

        One person's answers are alike, and so are all answers about one picture. The variance is
        that of answers in clusters of both kinds: the sum over answers by one rater to one picture,
        and what clusters of raters, and of pictures, have beyond it. Each is a sum over clusters of
        the square of what their answers added, times n / (n - 1) for n clusters. The degrees of
        freedom are those of the kind with fewer clusters, as a few persons say little of others.
        One cluster alone says nothing of its kind and is left out: the interval then holds for this
        very rater, or picture.

        Sources: Cameron, Gelbach and Miller, "Robust inference with multiway clustering", Journal
        of Business and Economic Statistics 29, 2011; Papke and Wooldridge, "Econometric methods for
        fractional response variables", Journal of Applied Econometrics 11, 1996, for a model of
        odds whose outcomes may be a half.
        """
        influences = self._influences @ weights
        *kinds, together = [_sum_squares(influences, groups) for groups in self._groups]
        known = [(variance, freedom) for variance, freedom in kinds if freedom]
        base = together[0]
        variance = base + sum(max(0.0, each - base) for each, _ in known)
        freedom = min((each for _, each in known), default=0)
        return Estimate(float(self.log_strengths @ weights), variance, float(freedom))


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
        influences = np.linalg.solve(information + 1.0, slopes.T).T  # + 1.0 keeps their mean at 0
        step = influences.sum(axis=0)
        if np.abs(step).max() < _TOLERANCE:
            return Scores(strengths, influences, _group(answers))
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
    if (
        len({answer.rater for answer in answers})
        == len({answer.picture for answer in answers})
        == 1
    ):
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


def _group(answers: Sequence[Answer]) -> tuple[Codes, Codes, Codes]:
    raters = np.unique([answer.rater for answer in answers], return_inverse=True)[1]
    pictures = np.unique([answer.picture for answer in answers], return_inverse=True)[1]
    return raters, pictures, raters * (int(pictures.max()) + 1) + pictures


def _sum_squares(influences: Floats, groups: Codes) -> tuple[float, int]:
    """Return the variance of a sum of what clusters added, and its degrees of freedom."""
    _, places = np.unique(groups, return_inverse=True)
    sums = np.bincount(places, influences)
    if sums.size < 2:
        return 0.0, 0
    return float(sums.size / (sums.size - 1) * np.square(sums).sum()), int(sums.size) - 1
