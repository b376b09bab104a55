"""Two methods on the same images: differences with intervals, and what they allow to be said.

Owns the comparison of ours with every other row, and of what is left of ours with a part taken
out. Refuses to compare what was measured on different images.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from lienet.errors import DataError
from lienet.evaluation.scores import Interval
from lienet.report.evaluations import PerImage
from lienet.report.tables import Group, Row

MIN_IMAGES_TO_JUDGE = 6
Bootstrap = Callable[[np.ndarray[Any, np.dtype[np.float64]]], Interval]


@dataclass(frozen=True)
class Pair:
    """``ours`` minus ``other`` on the same images, with paired bootstrap intervals."""

    task: str
    protocol: str
    test_set: str
    ours: str
    other: str
    num_images: int
    differences: Mapping[str, Interval]
    """By metric, as far as both were measured; of a colour error, below zero is less of it."""


def compare_pairs(groups: Iterable[Group], per_image: PerImage, bootstrap: Bootstrap) -> list[Pair]:
    """Compare lienet with every other row of its group but ablations, image by image.

    Args:
        groups: those without lienet are passed over.
        per_image: every method's per-image results, as ``read_per_image`` gives them.
        bootstrap: turns paired differences into a mean and its interval.

    Raises:
        DataError: two methods were measured on different images.
    """
    return [
        _compare(group, ours, row, per_image, bootstrap)
        for group, ours, row in _list_others(groups)
        if not row.is_ablation
    ]


def compare_ablations(
    groups: Iterable[Group], per_image: PerImage, bootstrap: Bootstrap
) -> list[Pair]:
    """Compare every ablation with lienet, as above: what a part is worth is below zero."""
    return [
        _compare(group, row, ours, per_image, bootstrap)
        for group, ours, row in _list_others(groups)
        if row.is_ablation
    ]


def judge(interval: Interval, num_images: int, *, is_less_better: bool = False) -> str:
    """Return "ahead" or "behind" when the interval excludes zero, else "undecided".

    Of fewer than ``MIN_IMAGES_TO_JUDGE`` images it is "too few images": even if one model were
    better on every one of them, a two-sided sign test would give 2^(1-n), more than 0.05.
    """
    if num_images < MIN_IMAGES_TO_JUDGE:
        return "too few images"
    turned = interval.negated() if is_less_better else interval
    if turned.low > 0.0:
        return "ahead"
    return "behind" if turned.high < 0.0 else "undecided"


def _list_others(groups: Iterable[Group]) -> Iterator[tuple[Group, Row, Row]]:
    """Yield each group with lienet's row and, one by one, every other row."""
    for group in groups:
        for row in group.rows:
            if group.ours is not None and row is not group.ours:
                yield group, group.ours, row


def _compare(group: Group, own: Row, rival: Row, per_image: PerImage, bootstrap: Bootstrap) -> Pair:
    ours, other = own.model, rival.model
    scores, rival_scores = (
        per_image.get((group.task, model, group.protocol, group.test_set), {})
        for model in (ours, other)
    )
    if not scores or scores.keys() != rival_scores.keys():
        raise DataError(
            f"{ours} and {other} were not measured on the same images of {group.test_set}",
            remedy="run `lienet evaluate` again",
        )
    pairs = [(scores[key].values, rival_scores[key].values) for key in sorted(scores)]
    metrics = [name for name in pairs[0][0] if all(name in each for pair in pairs for each in pair)]
    return Pair(
        task=group.task,
        protocol=group.protocol,
        test_set=group.test_set,
        ours=ours,
        other=other,
        num_images=len(scores),
        differences={
            name: bootstrap(np.array([first[name] - second[name] for first, second in pairs]))
            for name in metrics
        },
    )
