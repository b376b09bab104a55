"""The columns of Table 1, which depend on the task: what each says, and which of its cells is best.

Super-resolution stands beside the paper's own figures; the tasks that keep an image's size have the
colour error, where it was asked for, and the sharpness instead.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from lienet.params import Params
from lienet.report.number_format import (
    ABSENT,
    format_count,
    format_interval,
    format_percent,
    name_row,
)
from lienet.report.paper import PAPER_TABLE1, paper_gain
from lienet.report.tables import Interval, Row

Kind = Literal["name", "quality", "gain", "cost", "paper"]
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


def columns_of(params: Params, task: str) -> list[Column]:
    """Return the columns of a task's tables, the model's name first."""
    percent = format_percent(params.evaluate.bootstrap_confidence)
    columns = [
        Column("model", "name", name_row),
        Column("PSNR dB", "quality", _say("psnr_db", 2), _read("psnr_db")),
        Column(f"gain dB [{percent}]", "gain", _say_gain(lambda row: row.gain_psnr_db, 2)),
        Column("SSIM", "quality", _say("ssim", 4), _read("ssim")),
        Column(f"gain [{percent}]", "gain", _say_gain(lambda row: row.gain_ssim, 4)),
    ]
    if task in params.evaluate.ciede2000_tasks:
        said, value = _say("ciede2000", 2), _read("ciede2000")
        gain = _say_gain(lambda row: row.gain_of("ciede2000"), 2)
        columns.append(Column("CIEDE2000 (less is better)", "quality", said, value, True))
        columns.append(Column(f"change [{percent}]", "gain", gain))
    columns.append(Column("VMAF", "quality", _say("vmaf", 2), _read("vmaf")))
    enlarges = params.synthesize.tasks[task].enlarges
    if not enlarges:
        gain = _say_gain(lambda row: row.gain_of("vmaf"), 2)
        title = f"gain in VMAF [{percent}]"
        columns.append(Column(title, "gain", gain, is_minor=True))
        # More of it is no better by itself: noise and ringing are sharp as well.
        columns.append(Column("sharpness (reference 1)", "cost", _say("sharpness", 2)))
    columns += [
        Column("parameters", "cost", _say_params, lambda row: row.evaluation.num_params, True),
        Column("multiply-adds", "cost", _say_macs, lambda row: row.evaluation.num_macs, True),
        Column("latency ms", "cost", _say_latency, lambda row: row.evaluation.latency_ms, True),
    ]
    if enlarges:
        columns.append(Column("paper PSNR (gain)", "paper", _say_paper_psnr))
        columns.append(Column("paper SSIM (gain)", "paper", _say_paper_ssim))
    return columns


def _read(field: str) -> Callable[[Row], float | None]:
    return lambda row: getattr(row.measured, field)


def _say(field: str, decimals: int) -> Callable[[Row], str]:
    def say(row: Row) -> str:
        value = getattr(row.measured, field)
        return ABSENT if value is None else f"{value:.{decimals}f}"

    return say


def _say_gain(read: Callable[[Row], Interval | None], decimals: int) -> Callable[[Row], str]:
    def say(row: Row) -> str:
        gain = read(row)
        if gain is None or row.is_baseline:
            return ABSENT
        return format_interval(gain, decimals, row.measured.num_images)

    return say


def _say_params(row: Row) -> str:
    return format_count(row.evaluation.num_params)


def _say_macs(row: Row) -> str:
    return format_count(row.evaluation.num_macs)


def _say_latency(row: Row) -> str:
    latency_ms = row.evaluation.latency_ms
    return ABSENT if latency_ms is None else f"{latency_ms:.1f}"


def _say_paper_psnr(row: Row) -> str:
    paper, gain = PAPER_TABLE1.get(row.model), paper_gain(row.model)
    if paper is None:
        return ABSENT
    return f"{paper.psnr_db:.2f}" + ("" if gain is None else f" ({gain.psnr_db:+.2f})")


def _say_paper_ssim(row: Row) -> str:
    paper, gain = PAPER_TABLE1.get(row.model), paper_gain(row.model)
    if paper is None:
        return ABSENT
    return f"{paper.ssim:.4f}" + ("" if gain is None else f" ({gain.ssim:+.4f})")
