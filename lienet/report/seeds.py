"""Models that differ by their seed alone, as one row: means over seeds, intervals over both.

Owns which models a row stands for and what each was measured at, image by image. Figures and
MLflow show single models, and do without this.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from lienet.errors import DataError
from lienet.evaluation.intervals import estimate_over_seeds
from lienet.evaluation.scores import Evaluation, Result
from lienet.params import Params
from lienet.report.evaluations import PerImage
from lienet.report.tables import Group, Row


@dataclass(frozen=True)
class RowScores:
    """The scores of a row's models on the same images."""

    keys: tuple[str, ...]
    """Of the images."""
    values: Mapping[str, NDArray[np.float64]]
    """By metric, ``seeds images``; a metric that an image or a seed lacks is left out."""
    baseline: Mapping[str, NDArray[np.float64]]
    """The same of the baseline, ``1 images``, which has no seeds."""


def merge_seeds(params: Params, groups: Iterable[Group], per_image: PerImage) -> list[Group]:
    """Return groups in which a model and those that repeat it are one row.

    Args:
        params: the active set, which says what repeats what.
        groups: of single models.
        per_image: every method's per-image results.

    Raises:
        DataError: two seeds of a model were measured on different images.
    """
    merged = []
    for group in groups:
        repeated: dict[str, list[Evaluation]] = {}
        for row in group.rows:
            if (first := find_first(params, row.evaluation)) != row.model:
                repeated.setdefault(first, []).append(row.evaluation)
        rows = [
            _merge(group, row, repeated[row.model], per_image, params.evaluate.confidence)
            if row.model in repeated
            else row
            for row in group.rows
            if find_first(params, row.evaluation) == row.model
        ]
        merged.append(replace(group, rows=tuple(rows)))
    return merged


def find_first(params: Params, evaluation: Evaluation) -> str:
    """Return the name of the model that another repeats; its own where it repeats none."""
    model = params.models.get(f"{evaluation.task}-{evaluation.model}")
    if model is None or model.replicate_of is None:
        return evaluation.model
    return params.models[model.replicate_of].name


def gather_scores(group: Group, row: Row, per_image: PerImage) -> RowScores:
    """Return what a row's models were measured at, image by image.

    Raises:
        DataError: a model was not measured here, or two were measured on different images.
    """
    found = [
        per_image.get((group.task, model, group.protocol, group.test_set), {})
        for model in row.models
    ]
    for model, scores in zip(row.models, found, strict=True):
        if not scores or scores.keys() != found[0].keys():
            raise DataError(
                f"{row.model} and {model} were not measured on the same images of {group.test_set}",
                remedy="run `lienet evaluate` again",
            )
    keys = tuple(sorted(found[0]))
    return RowScores(
        keys,
        _stack([[scores[key].values for key in keys] for scores in found]),
        _stack([[found[0][key].baseline for key in keys]]),
    )


def spread_of_seeds(groups: Iterable[RowScores]) -> dict[str, float]:
    """Return by metric the largest difference between the means of two seeds of any model."""
    spread: dict[str, float] = {}
    for scores in groups:
        for metric, values in scores.values.items():
            if len(values) > 1:
                between = float(np.ptp(values.mean(axis=1)))
                spread[metric] = max(between, spread.get(metric, 0.0))
    return spread


def _merge(
    group: Group, row: Row, others: Sequence[Evaluation], per_image: PerImage, confidence: float
) -> Row:
    whole = replace(row, replicates=tuple(others))
    scores = gather_scores(group, whole, per_image)
    gains = {
        metric: estimate_over_seeds(values, scores.baseline[metric]).bound(confidence)
        for metric, values in scores.values.items()
        if metric in scores.baseline
    }
    means = {metric: float(values.mean()) for metric, values in scores.values.items()}
    return replace(whole, measured=Result(len(scores.keys), means, gains))


def _stack(rows: Sequence[Sequence[Mapping[str, float]]]) -> dict[str, NDArray[np.float64]]:
    images = [image for row in rows for image in row]
    return {
        name: np.array([[image[name] for image in row] for row in rows])
        for name in images[0]
        if all(name in image for image in images)
    }
