"""The columns of Table 1, which depend on the task: what each says, and which of its cells is best.

Super-resolution stands beside the paper's own figures; the tasks that keep an image's size have the
colour error, where it was asked for, and the sharpness instead.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

from lienet.evaluation.measures import Psnr, Ssim
from lienet.params import Metric, Params
from lienet.report.number_format import (
    ABSENT,
    format_count,
    format_interval,
    format_percent,
    name_row,
    title_metric,
)
from lienet.report.paper import PAPER_TABLE1, paper_gain
from lienet.report.tables import Group, Row

Kind = Literal["name", "note", "quality", "gain", "cost", "paper"]
"""A quality is best over every row, a cost over the networks; a gain follows its quality."""


@dataclass(frozen=True)
class Column:
    """One column: its head, its cells, and what they are ranked by."""

    title: str
    kind: Kind
    say: Callable[[Row], str]
    value: Callable[[Row], float | None] = lambda row: None
    is_less_better: bool = False
    is_minor: bool = False
    """Whether a narrow table goes without it."""


def columns_of(params: Params, group: Group) -> list[Column]:
    """Return the columns of a group's table, the model's name first."""
    task = group.task
    percent = format_percent(params.evaluate.confidence)
    enlarges = params.synthesize.tasks[task].enlarges
    columns = [Column("model", "name", name_row)]
    if group.has_seeds:
        columns.append(Column("seeds", "note", _say_seeds))
    columns += [
        *_of_metric("psnr_db", Psnr, f"gain dB [{percent}]"),
        *_of_metric("ssim", Ssim, f"gain [{percent}]"),
    ]
    for name, metric in sorted(params.evaluate.metrics_of(task).items(), key=_place):
        columns += _columns_of_metric(name, metric, percent, enlarges=enlarges)
    columns += [
        _of_cost("parameters", lambda row: row.evaluation.num_params, format_count),
        _of_cost("multiply-adds", lambda row: row.evaluation.num_macs, format_count),
        _of_cost("latency ms", lambda row: row.evaluation.latency_ms, "{:.1f}".format),
    ]
    if group.has_formats:
        columns += [
            _of_cost("INT8 latency ms", lambda row: row.latency_int8_ms, "{:.1f}".format),
            _of_cost("peak memory MB", lambda row: row.peak_memory_mb, "{:.1f}".format),
        ]
    if enlarges and group.is_compressed:
        columns.append(Column("paper PSNR (gain)", "paper", _say_paper("psnr_db", 2)))
        columns.append(Column("paper SSIM (gain)", "paper", _say_paper("ssim", 4)))
    return columns


def _place(named: tuple[str, Metric]) -> int:
    """Order metrics: those where less is better beside SSIM, those without a verdict last."""
    metric = named[1]
    return 2 if not metric.is_ranked else int(not metric.is_less_better)


def _columns_of_metric(name: str, metric: Metric, percent: str, *, enlarges: bool) -> list[Column]:
    if not metric.is_ranked:
        # More of it is no better by itself: noise and ringing are sharp as well.
        return [Column(metric.title, "cost", _say(name, metric.decimals))]
    if metric.is_less_better:
        return _of_metric(name, type(metric), f"change [{percent}]")
    columns = _of_metric(name, type(metric), f"gain in {metric.title} [{percent}]", is_minor=True)
    return columns[: 1 if enlarges else 2]


def _of_metric(
    name: str, metric: type[Metric], gain_title: str, *, is_minor: bool = False
) -> list[Column]:
    """Return the column of a metric, and that of its gain."""
    value = Column(
        title_metric(metric),
        "quality",
        _say(name, metric.decimals),
        lambda row: row.measured.means.get(name),
        metric.is_less_better,
    )
    return [value, Column(gain_title, "gain", _say_gain(name, metric.decimals), is_minor=is_minor)]


def _say_seeds(row: Row) -> str:
    return ABSENT if row.num_seeds is None else str(row.num_seeds)


def _say(name: str, decimals: int) -> Callable[[Row], str]:
    def say(row: Row) -> str:
        value = row.measured.means.get(name)
        return ABSENT if value is None else f"{value:.{decimals}f}"

    return say


def _say_gain(name: str, decimals: int) -> Callable[[Row], str]:
    def say(row: Row) -> str:
        gain = row.measured.gains.get(name)
        if gain is None or row.is_baseline:
            return ABSENT
        return format_interval(gain, decimals, row.measured.num_images)

    return say


def _of_cost(title: str, value: Callable[[Row], Any], form: Callable[[Any], str]) -> Column:
    def say(row: Row) -> str:
        return ABSENT if value(row) is None else form(value(row))

    return Column(title, "cost", say, value, is_less_better=True)


def _say_paper(metric: str, decimals: int) -> Callable[[Row], str]:
    """Return what says the paper's own figure, with its gain over bicubic in brackets."""

    def say(row: Row) -> str:
        paper, gain = PAPER_TABLE1.get(row.model), paper_gain(row.model)
        if paper is None:
            return ABSENT
        said = f"{getattr(paper, metric):.{decimals}f}"
        return said if gain is None else f"{said} ({getattr(gain, metric):+.{decimals}f})"

    return say
