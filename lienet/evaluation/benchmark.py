"""From scores of single images to results: protocols, means, gains over the baseline.

Owns what a model is measured under and how its images are summed up. A task's baseline is what
stands there without any model: bicubic upsampling for ``sr``, the degraded input itself where an
image keeps its size. Every gain is the mean of differences on the same images, the model's score
less the baseline's, never a difference of pooled values. Reads no image.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

import numpy as np

from lienet.errors import ParamsError
from lienet.evaluation.scores import ImageScore, Interval, Result, Results, gain_names
from lienet.params import Protocol


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


def summarise(scores: Iterable[ImageScore], bound: Callable[[list[float]], Interval]) -> Results:
    """Average the scores of each protocol and test set; ``bound`` bounds their gains."""
    groups: dict[str, dict[str, list[ImageScore]]] = {}
    for score in scores:
        groups.setdefault(score.protocol, {}).setdefault(score.test_set, []).append(score)
    return {
        protocol: {test_set: _summarise(group, bound) for test_set, group in sets.items()}
        for protocol, sets in groups.items()
    }


def _summarise(group: list[ImageScore], bound: Callable[[list[float]], Interval]) -> Result:
    means, gains = {}, {}
    for name in {name: None for score in group for name in score.values}:
        if any(name not in score.values for score in group):
            continue
        means[name] = float(np.mean([score.values[name] for score in group]))
        if all(name in score.baseline for score in group):
            gains[name] = bound([score.values[name] - score.baseline[name] for score in group])
    return Result(len(group), means, gains)


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
