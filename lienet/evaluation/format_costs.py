"""What each format of a network costs: size, and quality against ONNX in float32.

Owns the schema of ``reports/evaluate/<task>/<model>-formats.json`` and how a row of it is measured:
the same test images as the network's own, whose scores are read and not measured again.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from numpy.typing import ArrayLike
from pydantic import BaseModel, ConfigDict

from lienet.errors import DataError
from lienet.evaluation.scores import ImageScore, Interval, read_measured, round_figure

FLOAT32 = "onnx"
"""The row that the others are held against."""


class Difference(BaseModel):
    """A format's mean on one test set, and how far it is from the network's own."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    mean: float
    difference: float
    difference_low: float
    difference_high: float


class FormatSet(BaseModel):
    """One test set under one protocol."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    num_images: int
    metrics: dict[str, Difference]


class FormatCost(BaseModel):
    """One format of one network."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    format: str
    tool: str
    """What converted it, with the version."""
    reason: str | None
    """Why there is no file, or why it was not run."""
    size_bytes: int | None
    latency_ms: dict[int, float] = {}
    """By number of threads."""
    peak_memory_mb: float | None = None
    """On one thread; both as the stage time measured them (:mod:`lienet.evaluation.timings`)."""
    results: dict[str, dict[str, FormatSet]]
    """By protocol, then by test set."""


class FormatCosts(BaseModel):
    """Every format of one network, float32 first."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    task: str
    model: str
    weights_sha256: str
    latency_input_px: tuple[int, int] | None = None
    formats: list[FormatCost]


def compare_scores(
    scores: Sequence[ImageScore],
    float32: Sequence[ImageScore],
    bound: Callable[[ArrayLike], Interval],
) -> dict[str, dict[str, FormatSet]]:
    """Hold a format's scores against the network's own, image by image.

    Raises:
        DataError: they are not of the same images.
    """
    own = {(each.protocol, each.test_set, each.key): each.values for each in float32}
    groups: dict[str, dict[str, list[ImageScore]]] = {}
    for score in scores:
        if (score.protocol, score.test_set, score.key) not in own:
            raise DataError(
                f"{score.key} under {score.protocol} was not measured of the network itself",
                remedy="run `lienet evaluate` again",
            )
        groups.setdefault(score.protocol, {}).setdefault(score.test_set, []).append(score)
    return {
        protocol: {test_set: _compare_set(group, own, bound) for test_set, group in sets.items()}
        for protocol, sets in groups.items()
    }


def read_format_costs(path: Path, *, remedy: str) -> FormatCosts:
    """Read what evaluate wrote of a network's formats.

    Raises:
        DataError: the file is missing or broken.
    """
    return read_measured(FormatCosts, path, what="costs of formats", remedy=remedy)


def _compare_set(
    group: Sequence[ImageScore],
    own: Mapping[tuple[str, str, str], Mapping[str, float]],
    bound: Callable[[ArrayLike], Interval],
) -> FormatSet:
    pairs = [(each.values, own[each.protocol, each.test_set, each.key]) for each in group]
    metrics = {}
    for name in group[0].values:
        if any(name not in each for pair in pairs for each in pair):
            continue
        found = bound([ours[name] - its[name] for ours, its in pairs])
        metrics[name] = Difference(
            mean=round_figure(sum(ours[name] for ours, _ in pairs) / len(pairs)),
            difference=round_figure(found.mean),
            difference_low=round_figure(found.low),
            difference_high=round_figure(found.high),
        )
    return FormatSet(num_images=len(group), metrics=metrics)
