"""Two methods on the same images: differences with intervals, and what they allow to be said.

Owns the comparison of ours with every other row, of the pairs that params name, and of what is left
of ours with a part taken out; and the rule by which a difference is called a lead. Refuses to
compare what was measured on different images.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from lienet.errors import DataError
from lienet.evaluation.intervals import Estimate, correct_by_holm, estimate_over_seeds
from lienet.evaluation.scores import Interval
from lienet.report.evaluations import PerImage
from lienet.report.seeds import RowScores, gather_scores, spread_of_seeds
from lienet.report.tables import Group, Row

MIN_IMAGES_TO_JUDGE = 6


@dataclass(frozen=True)
class Pair:
    """``ours`` minus ``other`` on the same images, over all their seeds."""

    task: str
    protocol: str
    test_set: str
    ours: str
    other: str
    num_images: int
    confidence: float
    differences: Mapping[str, Interval]
    """By metric, as far as both were measured; of a colour error, below zero is less of it."""
    p_values: Mapping[str, float]
    """By metric, corrected for all pairs of the same task and protocol."""
    seed_spreads: Mapping[str, float] = field(default_factory=dict)
    """By metric, how far two seeds of a model of the table lie apart, where a network of the pair
    was trained but once and another more often."""


def compare_pairs(
    groups: Iterable[Group],
    per_image: PerImage,
    *,
    confidence: float,
    chosen: Iterable[tuple[str, str]] = (),
) -> list[Pair]:
    """Compare lienet with every other row of its group but ablations, image by image.

    Args:
        groups: those without lienet have the chosen pairs alone.
        per_image: every method's per-image results, as ``read_per_image`` gives them.
        confidence: of the intervals.
        chosen: more pairs to compare, by the keys of params.

    Raises:
        DataError: two methods were measured on different images.
    """
    asked, found = list(chosen), []
    for group in groups:
        rivals = [(ours, row) for ours, row in _list_others(group) if not row.is_ablation]
        rivals += [pair for pair in _find_chosen(group, asked) if pair not in rivals]
        found += [_compare(group, *pair, per_image, confidence) for pair in rivals]
    return correct_pairs(found)


def compare_ablations(
    groups: Iterable[Group], per_image: PerImage, *, confidence: float
) -> list[Pair]:
    """Compare every ablation with lienet, as above: what a part is worth is below zero."""
    return correct_pairs(
        _compare(group, row, ours, per_image, confidence)
        for group in groups
        for ours, row in _list_others(group)
        if row.is_ablation
    )


def correct_pairs(pairs: Iterable[Pair]) -> list[Pair]:
    """Correct p-values by Holm: one family for each task, protocol and metric.

    A family holds the pairs of every test set, as many as the table has under a protocol.
    """
    found = list(pairs)
    families: dict[tuple[str, str, str], list[int]] = {}
    for place, pair in enumerate(found):
        for metric in pair.p_values:
            families.setdefault((pair.task, pair.protocol, metric), []).append(place)
    for (_, _, metric), places in families.items():
        corrected = correct_by_holm([found[place].p_values[metric] for place in places])
        for place, p_value in zip(places, corrected, strict=True):
            pair = found[place]
            found[place] = replace(pair, p_values={**pair.p_values, metric: p_value})
    return found


def judge(pair: Pair, metric: str, *, is_less_better: bool = False) -> str:
    """Return "ahead" or "behind" where the difference is a lead, else "undecided".

    It is a lead if its corrected p-value is below one less the confidence, and if it is larger
    than what another seed alone was seen to change. Of fewer than ``MIN_IMAGES_TO_JUDGE`` images it
    is "too few images": even if one model were better on every one of them, a two-sided sign test
    would give 2^(1-n), more than 0.05.
    """
    if pair.num_images < MIN_IMAGES_TO_JUDGE:
        return "too few images"
    mean = pair.differences[metric].mean
    is_sure = pair.p_values[metric] < 1.0 - pair.confidence
    if not is_sure or abs(mean) <= pair.seed_spreads.get(metric, 0.0):
        return "undecided"
    is_better = mean < 0.0 if is_less_better else mean > 0.0
    return "ahead" if is_better else "behind"


def make_pair(
    where: tuple[str, str, str],
    names: tuple[str, str],
    estimates: Mapping[str, Estimate],
    *,
    num_images: int,
    confidence: float,
    seed_spreads: Mapping[str, float] | None = None,
) -> Pair:
    """Return a pair whose p-values are not corrected yet.

    Args:
        where: task, protocol and test set.
        names: ours and the other.
        estimates: of the differences, by metric.
        num_images: of the test set.
        confidence: of the intervals.
        seed_spreads: as the pair keeps them.
    """
    return Pair(
        *where,
        *names,
        num_images=num_images,
        confidence=confidence,
        differences={name: each.bound(confidence) for name, each in estimates.items()},
        p_values={name: each.p_value for name, each in estimates.items()},
        seed_spreads=seed_spreads or {},
    )


def _list_others(group: Group) -> Iterator[tuple[Row, Row]]:
    """Yield lienet's row with every other row, one by one."""
    for row in group.rows:
        if group.ours is not None and row is not group.ours:
            yield group.ours, row


def _find_chosen(group: Group, chosen: Iterable[tuple[str, str]]) -> Iterator[tuple[Row, Row]]:
    """Yield the rows of each pair that was measured here."""
    rows = {f"{group.task}-{row.model}": row for row in group.rows}
    for ours, other in chosen:
        if ours in rows and other in rows:
            yield rows[ours], rows[other]


def _compare(group: Group, own: Row, rival: Row, per_image: PerImage, confidence: float) -> Pair:
    ours, other = (gather_scores(group, row, per_image) for row in (own, rival))
    if ours.keys != other.keys:
        raise DataError(
            f"{own.model} and {rival.model} were not measured on the same images of "
            f"{group.test_set}",
            remedy="run `lienet evaluate` again",
        )
    return make_pair(
        (group.task, group.protocol, group.test_set),
        (own.model, rival.model),
        {
            metric: estimate_over_seeds(values, other.values[metric])
            for metric, values in ours.values.items()
            if metric in other.values
        },
        num_images=len(ours.keys),
        confidence=confidence,
        seed_spreads=_find_spreads(group, (own, rival), per_image),
    )


def _find_spreads(group: Group, pair: Sequence[Row], per_image: PerImage) -> dict[str, float]:
    if all(row.num_seeds != 1 for row in pair):
        return {}
    repeated: list[RowScores] = [
        gather_scores(group, row, per_image) for row in group.rows if row.replicates
    ]
    return spread_of_seeds(repeated)
