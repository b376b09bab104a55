"""The tables beside Table 1, as plain cells: who is ahead, ablations, real photographs, identity.

Owns what each says; Markdown and page draw them alike. A sheet that would be empty is not made.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from lienet.evaluation.scores import Distances, Evaluation, Interval
from lienet.params import Metric, Params, metrics
from lienet.report.evaluations import is_contender
from lienet.report.number_format import (
    ABSENT,
    format_interval,
    format_p_value,
    format_percent,
    title_metric,
    title_task,
)
from lienet.report.paired_differences import MIN_IMAGES_TO_JUDGE, Pair, judge
from lienet.report.summaries import Cell

REAL_MEASURES = ("noise", "saturation", "contrast", "sharpness")


@dataclass(frozen=True)
class Sheet:
    """One table: ``num_words`` columns of words, then columns of numbers."""

    title: str
    note: str
    titles: Sequence[str]
    lines: Sequence[Sequence[Cell]]
    num_words: int


_METRICS_FIRST = ("psnr_db", "ssim", "ciede2000", "vmaf")
_PAIR_DECIMALS = {"psnr_db": 3}
"""Differences that are shown finer than their metric."""
_JUDGED = (
    "Differences on the same images, each with its own Student's t interval. Ahead or behind: p, "
    "corrected by Holm for all lines of the protocol, is below one less the confidence, on at "
    f"least {MIN_IMAGES_TO_JUDGE} images, and the difference is larger than what another seed was "
    "seen to change."
)


def make_pair_sheets(params: Params, pairs: Iterable[Pair]) -> list[Sheet]:
    """Return a sheet for each task: ours less every other row, then the pairs of params."""
    return _compare_by_task(params, pairs, "model against model", _JUDGED)


def make_ablation_sheets(params: Params, ablations: Iterable[Pair]) -> list[Sheet]:
    """Return a sheet for each task: the network without one of its parts, less the whole."""
    note = "The network without one of its parts less the whole, at equal steps: below zero, the "
    note += f"part is worth having (in CIEDE2000, above). {_JUDGED}"
    return _compare_by_task(params, ablations, "ablations", note)


def make_order_sheets(params: Params, pairs: Iterable[Pair]) -> list[Sheet]:
    """Return a sheet for each task: ours less every other network, both in the same format."""
    return _compare_by_task(params, pairs, "model against model in each format", _JUDGED)


def make_real_sheets(evaluations: Iterable[Evaluation]) -> list[Sheet]:
    """Return a sheet for each test set of real photographs: before, and after each method."""
    sets: dict[str, list[Evaluation]] = {}
    for each in evaluations:
        if is_contender(each):
            for test_set in each.real or {}:
                sets.setdefault(test_set, []).append(each)
    sheets = []
    for test_set, group in sets.items():
        real = [(each.model, (each.real or {})[test_set]) for each in group]
        rows = [("input", real[0][1].before), *((name, found.after) for name, found in real)]
        blind = {name: metrics.get(name) for name in rows[0][1] if name not in REAL_MEASURES}
        lines = [
            [
                Cell(name),
                *(Cell(f"{found[measure]:.2f}") for measure in REAL_MEASURES),
                *(_say_score(found.get(each), metric) for each, metric in blind.items()),
            ]
            for name, found in rows
        ]
        sheets.append(
            Sheet(
                f"Real photographs of {test_set} ({real[0][1].num_images})",
                "No undegraded original exists, so this says what a method did, not how well. "
                "Noise is the estimated standard deviation, contrast that of luma and sharpness "
                "the root mean square gradient, all in steps of 255; saturation is mean chroma in "
                "CIELAB.",
                ["picture", *REAL_MEASURES, *map(title_metric, blind.values())],
                lines,
                num_words=1,
            )
        )
    return sheets


def _say_score(score: float | None, metric: type[Metric]) -> Cell:
    return Cell(ABSENT if score is None else f"{score:.{metric.decimals}f}")


def make_identity_sheets(params: Params, evaluations: Sequence[Evaluation]) -> list[Sheet]:
    """Return a sheet for each test set of faces, or one without lines that says why there is none.

    Nothing is returned where no face was evaluated.
    """
    asked = [each for each in evaluations if each.identity is not None]
    title = "Identity of faces"
    sets: dict[str, list[tuple[Evaluation, Distances]]] = {}
    for each in asked:
        for test_set, distances in (each.identity.sets if each.identity else {}).items():
            sets.setdefault(test_set, []).append((each, distances))
    if asked and not sets:
        note = asked[0].identity.note if asked[0].identity else None
        return [Sheet(title, f"Identity was {note}.", [], [], num_words=0)] if note else []
    percent = format_percent(params.evaluate.confidence)
    return [
        Sheet(
            f"{title} on {test_set}",
            "Cosine distance between SFace's embeddings of a picture and of its reference, 0 for "
            "the same; the change is from the input's distance, below zero is nearer.",
            ["model", "distance", f"change [{percent}]"],
            [_describe_distances(each, found) for each, found in group],
            num_words=1,
        )
        for test_set, group in sets.items()
    ]


def _describe_distances(evaluation: Evaluation, found: Distances) -> list[Cell]:
    gain = Interval(found.distance_gain, found.distance_gain_low, found.distance_gain_high)
    said = format_interval(gain, 4, found.num_images)
    change = ABSENT if evaluation.is_baseline else said
    return [Cell(evaluation.model), Cell(f"{found.distance:.4f}"), Cell(change)]


def _compare_by_task(params: Params, pairs: Iterable[Pair], what: str, note: str) -> list[Sheet]:
    tasks: dict[str, list[Pair]] = {}
    for pair in pairs:
        tasks.setdefault(pair.task, []).append(pair)
    return [
        _compare(params, own, title=f"{title_task(task)}: {what}", note=note)
        for task, own in tasks.items()
    ]


def _compare(params: Params, pairs: Sequence[Pair], *, title: str, note: str) -> Sheet:
    percent = format_percent(params.evaluate.confidence)
    measured = {name for pair in pairs for name in pair.differences}
    shown = {
        name: metrics.get(name)
        for name in _METRICS_FIRST + tuple(sorted(measured - {*_METRICS_FIRST}))
        if name in measured and metrics.get(name).is_ranked
    }
    titles = ["protocol", "test set (images)", "difference"]
    for metric in shown.values():
        titles += [f"{metric.title} [{percent}]", f"in {metric.title.removesuffix(' dB')}"]
    lines = []
    for pair in pairs:
        line = [Cell(pair.protocol), Cell(f"{pair.test_set} ({pair.num_images})")]
        line.append(Cell(f"{pair.ours} - {pair.other}"))
        for name, metric in shown.items():
            line += _describe(pair, name, metric)
        lines.append(line)
    return Sheet(title, note, titles, lines, num_words=3)


def _describe(pair: Pair, name: str, metric: type[Metric]) -> list[Cell]:
    interval = pair.differences.get(name)
    if interval is None:
        return [Cell(ABSENT), Cell(ABSENT)]
    verdict = judge(pair, name, is_less_better=metric.is_less_better)
    decimals = _PAIR_DECIMALS.get(name, metric.decimals)
    said = format_interval(interval, decimals, pair.num_images)
    if verdict == "too few images":
        return [Cell(said), Cell(verdict, verdict="too")]
    p_value = format_p_value(pair.p_values[name])
    return [Cell(said), Cell(f"{verdict} ({p_value})", verdict=verdict)]
