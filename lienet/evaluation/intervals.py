"""How sure a mean difference is: Student's t over images, and over seeds and images together.

Owns the estimate of a mean of paired differences, its interval, its p-value, and Holm's correction
where many are tested at once. What the differences are of is the caller's.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from lienet.errors import DataError
from lienet.evaluation.scores import Interval


@dataclass(frozen=True)
class Estimate:
    """A mean, and what is known of how far it may be from the true one."""

    mean: float
    variance: float
    """Of the mean, not of what it is a mean of."""
    degrees_of_freedom: float
    """Zero where there was one image alone, which says nothing of others."""

    def bound(self, confidence: float) -> Interval:
        """Return Student's t interval: the mean, less and plus t times its standard error.

        Of one image alone it has no width, which says nothing. Source: Student, "The probable error
        of a mean", Biometrika 6, 1908.
        """
        from scipy.special import stdtrit

        if not self.degrees_of_freedom:
            return Interval(self.mean, self.mean, self.mean)
        t = float(stdtrit(self.degrees_of_freedom, (1.0 + confidence) / 2.0))
        half = t * math.sqrt(self.variance)
        return Interval(self.mean, self.mean - half, self.mean + half)

    @property
    def p_value(self) -> float:
        """How often chance alone gives a mean this far from zero, either way; 1 for one image."""
        from scipy.special import stdtr

        if not self.degrees_of_freedom or not self.mean:
            return 1.0
        if not self.variance:
            return 0.0
        return float(2.0 * stdtr(self.degrees_of_freedom, -abs(self.mean / self.variance**0.5)))


def estimate_mean(differences: ArrayLike) -> Estimate:
    """Estimate the mean of paired differences from a sample of images.

    Args:
        differences: one for each image: one model's score less the other's.

    Raises:
        DataError: there are no differences, or one is not finite.
    """
    values = _check(differences, num_axes=1)
    if values.size < 2:
        return Estimate(float(values.mean()), 0.0, 0.0)
    return Estimate(float(values.mean()), float(values.var(ddof=1)) / values.size, values.size - 1)


def estimate_over_seeds(ours: ArrayLike, other: ArrayLike) -> Estimate:
    """Estimate the mean difference of two models from their seeds and images together.

    The variance of the mean is a sum: that of the per-image differences, averaged over seeds, over
    the number of images; and for each model with several seeds the variance of the seeds' means
    over the number of seeds. What seeds do to single images is in both parts, so the sum is rather
    too large than too small. The degrees of freedom are Welch's and Satterthwaite's, at most those
    of the images: with parts v of f degrees, the square of the sum over the sum of v^2 / f. A model
    of one seed has no part of its own: the interval then says nothing of training it again.

    Sources: Satterthwaite, "An approximate distribution of estimates of variance components",
    Biometrics Bulletin 2, 1946; Welch, Biometrika 34, 1947.

    Args:
        ours: scores, ``seeds images``.
        other: the other's, ``seeds images``, of the same images in the same order.

    Raises:
        DataError: they are not of the same images, there are none, or one is not finite.
    """
    models = [_check(each, num_axes=2) for each in (ours, other)]
    if models[0].shape[1] != models[1].shape[1]:
        raise DataError("two models must have scores of the same images", got=models[1].shape)
    over_images = estimate_mean(models[0].mean(axis=0) - models[1].mean(axis=0))
    if not over_images.degrees_of_freedom:
        return over_images
    parts = [(over_images.variance, over_images.degrees_of_freedom)]
    for scores in models:
        if (num_seeds := len(scores)) > 1:
            between = float(scores.mean(axis=1).var(ddof=1)) / num_seeds
            parts.append((between, num_seeds - 1.0))
    variance = sum(part for part, _ in parts)
    spent = sum(part**2 / freedom for part, freedom in parts)
    freedom = variance**2 / spent if spent else over_images.degrees_of_freedom
    return Estimate(over_images.mean, variance, min(freedom, over_images.degrees_of_freedom))


def correct_by_holm(p_values: Sequence[float]) -> list[float]:
    """Return p-values of one family of tests, corrected so that they may be judged one by one.

    Of m tests the smallest p-value is multiplied by m, the next by m - 1, and so on; none becomes
    smaller than one before it, nor larger than 1. Chance alone then makes any of the family fall
    below 0.05 in at most 5% of families, however the tests depend on each other. Source: Holm, "A
    simple sequentially rejective multiple test procedure", Scandinavian Journal of Statistics 6,
    1979.
    """
    corrected = [1.0] * len(p_values)
    highest = 0.0
    for rank, place in enumerate(sorted(range(len(p_values)), key=p_values.__getitem__)):
        highest = max(highest, min(1.0, (len(p_values) - rank) * p_values[place]))
        corrected[place] = highest
    return corrected


def make_bound(confidence: float) -> Callable[[ArrayLike], Interval]:
    """Return what turns paired differences into a mean and its interval at a confidence."""
    return lambda differences: estimate_mean(differences).bound(confidence)


def _check(values: ArrayLike, *, num_axes: int) -> NDArray[np.float64]:
    checked: NDArray[np.float64] = np.asarray(values, dtype=np.float64)
    if checked.ndim != num_axes or not checked.size or not np.isfinite(checked).all():
        raise DataError("an interval needs finite differences", got=f"{checked!r:.80}")
    return checked
