"""The metrics that DVC shows: five figures of each method, in a file of its own.

``dvc metrics show`` then has a row for each method of each task; all else that was measured is in
``reports/evaluate``.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from lienet.evaluation.benchmark import flatten_results
from lienet.evaluation.scores import Evaluation
from lienet.params import Params

_MEANS = ("psnr_db", "ssim", "vmaf", "psnr_gain_db")
_DECIMALS = {"psnr_db": 4, "ssim": 6, "vmaf": 4, "psnr_gain_db": 4, "latency_ms": 3}


def list_dvc_metrics(
    params: Params, evaluations: Sequence[Evaluation]
) -> Iterator[tuple[str, dict[str, float | None]]]:
    """Yield ``<task>/<model>.json`` and what it holds; None where a figure was not measured.

    The means are over the images of all test sets, under the protocol of the task's figures, or the
    first one by which the method was measured.
    """
    for each in evaluations:
        chosen = params.report.figure_protocols.get(each.task)
        headline = chosen if chosen in each.results else next(iter(each.results))
        found = flatten_results(each.results, headline=headline)
        figures: dict[str, float | None] = {name: found.get(name) for name in _MEANS}
        figures["latency_ms"] = each.latency_ms
        yield (
            f"{each.task}/{each.model}.json",
            {
                name: None if value is None else round(value, _DECIMALS[name])
                for name, value in figures.items()
            },
        )
