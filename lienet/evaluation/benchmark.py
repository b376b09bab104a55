"""From scores of single images to results: protocols, means, gains over the baseline, intervals.

Owns what a model is measured under and how its images are summed up. A task's baseline is what
stands there without any model: bicubic upsampling for ``sr``, the degraded input itself where an
image keeps its size. Every gain is the mean of differences on the same images, the model's score
less the baseline's, never a difference of pooled values. Reads no image.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import partial

import numpy as np
from numpy.typing import ArrayLike, NDArray

from lienet.draws import keyed_generator
from lienet.errors import DataError, ParamsError
from lienet.evaluation.scores import ImageScore, Interval, Result, Results, gain_names
from lienet.params import Params, Protocol

_MAX_DRAWS_AT_ONCE = 2_000_000


def select_protocols(
    protocols: Mapping[str, Protocol], *, task: str, scale: int | None
) -> dict[str, Protocol]:
    """Return the protocols of a task and scale; of every scale where it is None.

    Raises:
        ParamsError: there is none.
    """
    selected = {
        name: protocol
        for name, protocol in protocols.items()
        if protocol.task == task and scale in (None, protocol.scale)
    }
    if not selected:
        raise ParamsError(
            f"evaluate.protocols has none for the task {task} at scale {scale}",
            remedy="edit params.yaml",
        )
    return selected


def paired_bootstrap(
    differences: ArrayLike, *, resamples: int, confidence: float, seed: int
) -> Interval:
    """Return the mean of paired differences with its percentile bootstrap interval.

    Images are drawn with replacement, as many as there are, ``resamples`` times; the interval
    holds the central ``confidence`` of the means. One image alone gives an interval of no width,
    which says nothing. Source: Efron and Tibshirani, "An Introduction to the Bootstrap", 1993,
    chapter 13.

    Args:
        differences: one for each image: one model's score less the other's.
        resamples: how many sets are drawn.
        confidence: between 0 and 1.
        seed: the same seed and number of images draw the same sets.

    Raises:
        DataError: there are no differences, or one is not finite.
    """
    values: NDArray[np.float64] = np.asarray(differences, dtype=np.float64)
    if values.ndim != 1 or not values.size or not np.isfinite(values).all():
        raise DataError("a paired bootstrap needs finite differences", got=f"{values!r:.80}")
    generator = keyed_generator(seed, "bootstrap", values.size)
    means = np.empty(resamples)
    step = max(1, _MAX_DRAWS_AT_ONCE // values.size)
    for start in range(0, resamples, step):
        part = means[start : start + step]
        draws = generator.integers(values.size, size=(part.size, values.size), dtype=np.int32)
        part[:] = values[draws].mean(axis=1)
    tail = (1.0 - confidence) / 2.0
    low, high = np.quantile(means, (tail, 1.0 - tail))
    return Interval(mean=float(values.mean()), low=float(low), high=float(high))


def summarise(
    scores: Iterable[ImageScore], bootstrap: Callable[[list[float]], Interval]
) -> Results:
    """Average the scores of each protocol and test set; ``bootstrap`` bounds their gains."""
    groups: dict[str, dict[str, list[ImageScore]]] = {}
    for score in scores:
        groups.setdefault(score.protocol, {}).setdefault(score.test_set, []).append(score)
    return {
        protocol: {test_set: _summarise(group, bootstrap) for test_set, group in sets.items()}
        for protocol, sets in groups.items()
    }


def _summarise(group: list[ImageScore], bootstrap: Callable[[list[float]], Interval]) -> Result:
    means, gains = {}, {}
    for name in {name: None for score in group for name in score.values}:
        if any(name not in score.values for score in group):
            continue
        means[name] = float(np.mean([score.values[name] for score in group]))
        if all(name in score.baseline for score in group):
            gains[name] = bootstrap([score.values[name] - score.baseline[name] for score in group])
    return Result(len(group), means, gains)


def make_bootstrap(params: Params) -> Callable[[ArrayLike], Interval]:
    """Return what turns paired differences into a mean and its interval, as params ask for it."""
    return partial(
        paired_bootstrap,
        resamples=params.evaluate.bootstrap_resamples,
        confidence=params.evaluate.bootstrap_confidence,
        seed=params.seed,
    )


def flatten_results(results: Results, *, headline: str) -> dict[str, float]:
    """Return each figure by ``<protocol>/<test set>/<metric>``, and those of one by bare names.

    Gains go by the names of :func:`~lienet.evaluation.scores.gain_names`.

    Args:
        results: of one model.
        headline: the protocol whose means over the images of all test sets go by the metric alone.
    """
    figures = {
        f"{protocol}/{test_set}/{name}": value
        for protocol, sets in results.items()
        for test_set, result in sets.items()
        for name, value in _flatten(result).items()
    }
    sets = list(results[headline].values())
    weights = [result.num_images for result in sets]
    flat = [_flatten(result) for result in sets]
    for name in {name: None for each in flat for name in each}:
        if all(name in each for each in flat):
            values = [each[name] for each in flat]
            figures[name] = float(np.average(values, weights=weights))
    return figures


def _flatten(result: Result) -> dict[str, float]:
    gains = {gain_names(name)[0]: gain.mean for name, gain in result.gains.items()}
    return {**result.means, **gains}


def results_as_json(results: Results) -> dict[str, dict[str, dict[str, object]]]:
    """Return results as plain values, rounded to six decimals."""
    return {
        protocol: {test_set: result.as_json() for test_set, result in sets.items()}
        for protocol, sets in results.items()
    }
