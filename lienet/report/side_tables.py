"""The tables beside Table 1, as plain cells: who is ahead, ablations, real photographs, identity.

Owns what each says; Markdown and page draw them alike. A sheet that would be empty is not made.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from lienet.params import Params
from lienet.report.evaluations import Distances, Evaluation
from lienet.report.number_format import ABSENT, format_interval, format_percent, title_task
from lienet.report.paired_differences import MIN_IMAGES_TO_JUDGE, Pair, judge
from lienet.report.summaries import Cell
from lienet.report.tables import Gain, Interval

REAL_MEASURES = ("noise", "saturation", "contrast", "sharpness")


@dataclass(frozen=True)
class Sheet:
    """One table: ``num_words`` columns of words, then columns of numbers."""

    title: str
    note: str
    titles: Sequence[str]
    lines: Sequence[Sequence[Cell]]
    num_words: int


@dataclass(frozen=True)
class _Measure:
    field: str
    title: str
    short: str
    decimals: int
    is_less_better: bool = False


_MEASURES = (
    _Measure("psnr_db", "PSNR dB", "PSNR", 3),
    _Measure("ssim", "SSIM", "SSIM", 4),
    _Measure("ciede2000", "CIEDE2000", "CIEDE2000", 2, is_less_better=True),
    _Measure("vmaf", "VMAF", "VMAF", 2),
)
_JUDGED = (
    "Differences on the same images. Ahead or behind: the interval excludes zero, on at least "
    f"{MIN_IMAGES_TO_JUDGE} images."
)


def make_pair_sheets(params: Params, pairs: Iterable[Pair]) -> list[Sheet]:
    """Return a sheet for each task: ours less every other row."""
    return [
        _compare(params, own, title=f"{title_task(task)}: model against model", note=_JUDGED)
        for task, own in _by_task(pairs).items()
    ]


def make_ablation_sheets(params: Params, ablations: Iterable[Pair]) -> list[Sheet]:
    """Return a sheet for each task: the network without one of its parts, less the whole."""
    note = "The network without one of its parts less the whole, at equal steps: below zero, the "
    note += f"part is worth having (in CIEDE2000, above). {_JUDGED}"
    return [
        _compare(params, own, title=f"{title_task(task)}: ablations", note=note)
        for task, own in _by_task(ablations).items()
    ]


def make_real_sheets(evaluations: Iterable[Evaluation]) -> list[Sheet]:
    """Return a sheet for each test set of real photographs: before, and after each method."""
    sets: dict[str, list[Evaluation]] = {}
    for each in evaluations:
        if each.is_contender:
            for test_set in each.real or {}:
                sets.setdefault(test_set, []).append(each)
    sheets = []
    for test_set, group in sets.items():
        real = [(each.model, (each.real or {})[test_set]) for each in group]
        rows = [("input", real[0][1].before), *((name, found.after) for name, found in real)]
        lines = [
            [Cell(name), *(Cell(f"{found[measure]:.2f}") for measure in REAL_MEASURES)]
            for name, found in rows
        ]
        sheets.append(
            Sheet(
                f"Real photographs of {test_set} ({real[0][1].num_images})",
                "No undegraded original exists, so this says what a method did, not how well. "
                "Noise is the estimated standard deviation, contrast that of luma and sharpness "
                "the root mean square gradient, all in steps of 255; saturation is mean chroma in "
                "CIELAB.",
                ["picture", *REAL_MEASURES],
                lines,
                num_words=1,
            )
        )
    return sheets


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
    percent = format_percent(params.evaluate.bootstrap_confidence)
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
    gain = Gain(found.distance_gain, found.distance_gain_low, found.distance_gain_high)
    said = format_interval(gain, 4, found.num_images)
    is_baseline = evaluation.architecture == "bicubic"
    change = ABSENT if is_baseline else said
    return [Cell(evaluation.model), Cell(f"{found.distance:.4f}"), Cell(change)]


def _by_task(pairs: Iterable[Pair]) -> dict[str, list[Pair]]:
    tasks: dict[str, list[Pair]] = {}
    for pair in pairs:
        tasks.setdefault(pair.task, []).append(pair)
    return tasks


def _compare(params: Params, pairs: Sequence[Pair], *, title: str, note: str) -> Sheet:
    percent = format_percent(params.evaluate.bootstrap_confidence)
    shown = [
        measure
        for measure in _MEASURES
        if any(getattr(pair, measure.field) is not None for pair in pairs)
    ]
    titles = ["protocol", "test set (images)", "difference"]
    for measure in shown:
        titles += [f"{measure.title} [{percent}]", f"in {measure.short}"]
    lines = []
    for pair in pairs:
        line = [Cell(pair.protocol), Cell(f"{pair.test_set} ({pair.num_images})")]
        line.append(Cell(f"{pair.ours} - {pair.other}"))
        for measure in shown:
            line += _describe(getattr(pair, measure.field), measure, pair.num_images)
        lines.append(line)
    return Sheet(title, note, titles, lines, num_words=3)


def _describe(interval: Interval | None, measure: _Measure, num_images: int) -> list[Cell]:
    if interval is None:
        return [Cell(ABSENT), Cell(ABSENT)]
    verdict = judge(interval, num_images, is_less_better=measure.is_less_better)
    said = format_interval(interval, measure.decimals, num_images)
    return [Cell(said), Cell(verdict, verdict=verdict.partition(" ")[0])]
