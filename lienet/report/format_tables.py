"""The tables of formats: what each one costs a network, and whether the order of networks survives.

Both are drawn under the protocol of a task's figures. Networks that were not converted have no row.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from lienet.evaluation.format_costs import FormatCost, FormatCosts, FormatSet
from lienet.evaluation.intervals import estimate_mean
from lienet.evaluation.scores import ImageScore, Interval, read_scores
from lienet.evaluation.timings import read_timed_costs
from lienet.params import Params
from lienet.report.number_format import ABSENT, format_interval, format_percent, title_task
from lienet.report.paired_differences import Pair, correct_pairs, make_pair
from lienet.report.side_tables import Sheet
from lienet.report.summaries import Cell
from lienet.workspace import Workspace

_METRICS = {"psnr_db": ("PSNR dB", 3), "ssim": ("SSIM", 4), "vmaf": ("VMAF", 2)}
_THREADS = (1, 2)
_OURS = "lienet"
_Scores = dict[str, dict[str, ImageScore]]
"""By test set, then by image key."""


def read_all_costs(params: Params, workspace: Workspace) -> list[FormatCosts]:
    """Read what was measured of formats, for every network that was converted to any.

    Raises:
        DataError: a file is broken.
    """
    found = []
    for key, spec in params.models.items():
        if workspace.format_costs_path(spec.task, spec.name).is_file():
            remedy = f"run `lienet evaluate {key}-formats`"
            costs = read_timed_costs(workspace, spec.task, spec.name, remedy=remedy)
            found += [costs] if costs.formats else []
    return found


def make_format_sheets(params: Params, costs: Iterable[FormatCosts]) -> list[Sheet]:
    """Return a sheet for each task: every format of every network, float32 first."""
    tasks: dict[str, list[FormatCosts]] = {}
    for each in costs:
        tasks.setdefault(each.task, []).append(each)
    percent = format_percent(params.evaluate.confidence)
    sheets = []
    for task, group in tasks.items():
        timed = next((each for each in group if each.latency_input_px is not None), None)
        protocol = params.report.figure_protocols[task]
        sheets.append(
            Sheet(
                f"{title_task(task)}: what a format costs",
                f"Differences from the network itself on the same images, under {protocol}. "
                f"Latency of one image{_say_size(timed)}, and the memory that running adds on one "
                "thread, in the format's own runtime.",
                [
                    "model",
                    "format",
                    "test set (images)",
                    "KB",
                    *(f"{title} [{percent}]" for title, _ in _METRICS.values()),
                    *(f"ms, {number} thread{'s' * (number > 1)}" for number in _THREADS),
                    "MB",
                ],
                [line for each in group for line in _describe(each, protocol)],
                num_words=3,
            )
        )
    return sheets


def compare_formats(
    params: Params, workspace: Workspace, costs: Sequence[FormatCosts]
) -> list[Pair]:
    """Compare lienet with every other network of its task, both in the same format.

    And the pairs that params name. Of a network with several seeds the first stands for it.

    Raises:
        DataError: the scores of a format are missing or broken.
    """
    pairs: list[Pair] = []
    for ours, other in _list_comparisons(params, costs):
        protocol = params.report.figure_protocols[ours.task]
        for name in [each.format for each in ours.formats if each.results][1:]:
            first, second = (_read(workspace, each, name, protocol) for each in (ours, other))
            pairs += _compare(params, ours, other, name, (first, second))
    return correct_pairs(pairs)


def _describe(costs: FormatCosts, protocol: str) -> Iterator[list[Cell]]:
    for each in costs.formats:
        if each.reason is not None:
            said = f"{each.format}: {each.tool} says: {each.reason}"
            yield [
                Cell(costs.model),
                Cell(said),
                Cell(ABSENT),
                _describe_size(each),
                *[Cell(ABSENT)] * (1 + len(_METRICS) + len(_THREADS)),
            ]
        for test_set, measured in each.results.get(protocol, {}).items():
            yield [
                Cell(costs.model),
                Cell(each.format),
                Cell(f"{test_set} ({measured.num_images})"),
                *_describe_numbers(each, measured),
            ]


def _describe_numbers(cost: FormatCost, measured: FormatSet) -> Iterator[Cell]:
    yield _describe_size(cost)
    for name, (_, decimals) in _METRICS.items():
        found = measured.metrics.get(name)
        if found is None:
            yield Cell(ABSENT)
            continue
        interval = Interval(found.difference, found.difference_low, found.difference_high)
        yield Cell(format_interval(interval, decimals, measured.num_images))
    for number in _THREADS:
        latency_ms = cost.latency_ms.get(number)
        yield Cell(ABSENT if latency_ms is None else f"{latency_ms:.1f}")
    memory_mb = cost.peak_memory_mb
    yield Cell(ABSENT if memory_mb is None else f"{memory_mb:.1f}")


def _describe_size(cost: FormatCost) -> Cell:
    return Cell(ABSENT if cost.size_bytes is None else f"{cost.size_bytes / 1e3:.0f}")


def _read(workspace: Workspace, costs: FormatCosts, name: str, protocol: str) -> _Scores:
    """Return a format's scores by test set and image; none where it was not measured."""
    if not any(each.format == name and each.results for each in costs.formats):
        return {}
    path = workspace.format_costs_dir(costs.task, costs.model) / f"{name}.csv"
    found: _Scores = {}
    for score in read_scores(
        path, remedy=f"run `lienet evaluate {costs.task}-{costs.model}-formats`"
    ):
        if score.protocol == protocol:
            found.setdefault(score.test_set, {})[score.key] = score
    return found


def _list_comparisons(
    params: Params, costs: Sequence[FormatCosts]
) -> Iterator[tuple[FormatCosts, FormatCosts]]:
    known = {f"{each.task}-{each.model}": each for each in costs}
    pairs = [
        (first, second)
        for first, ours in known.items()
        for second, other in known.items()
        if ours.model == _OURS and ours.task == other.task and first != second
        if not _is_replicate(params, other)
    ]
    for first, second in dict.fromkeys([*pairs, *params.report.compare]):
        if first in known and second in known:
            yield known[first], known[second]


def _is_replicate(params: Params, costs: FormatCosts) -> bool:
    spec = params.models.get(f"{costs.task}-{costs.model}")
    return spec is not None and spec.replicate_of is not None


def _compare(
    params: Params,
    ours: FormatCosts,
    other: FormatCosts,
    name: str,
    scores: tuple[_Scores, _Scores],
) -> Iterator[Pair]:
    first, second = scores
    for test_set in sorted(first.keys() & second.keys()):
        keys = sorted(first[test_set].keys() & second[test_set].keys())
        pairs = [(first[test_set][key].values, second[test_set][key].values) for key in keys]
        yield make_pair(
            (ours.task, name, test_set),
            (ours.model, other.model),
            {
                metric: estimate_mean([one[metric] - two[metric] for one, two in pairs])
                for metric in _METRICS
                if all(metric in values for pair in pairs for values in pair)
            },
            num_images=len(keys),
            confidence=params.evaluate.confidence,
        )


def _say_size(timed: FormatCosts | None) -> str:
    if timed is None or timed.latency_input_px is None:
        return ""
    height_px, width_px = timed.latency_input_px
    return f" of {width_px}x{height_px} px"
