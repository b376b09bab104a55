"""Numbers and names as text: counts, intervals, percentages, rows.

Markdown, console and page all show these very strings, so that no two of them can disagree.
"""

from __future__ import annotations

from lienet.evaluation.scores import Interval
from lienet.params import Metric
from lienet.report.tables import Row

ABSENT = "–"
_TASK_TITLES = {
    "sr": "Super-resolution",
    "face": "Faces",
    "old_photo": "Old photographs",
}


def name_row(row: Row) -> str:
    """Return the model's name, with "(ours)" behind the paper's network."""
    return f"{row.model} (ours)" if row.model == "lienet" else row.model


def title_task(task: str) -> str:
    """Return the heading of a task: that of a shipped one, else its name in words."""
    return _TASK_TITLES.get(task, task.replace("_", " ").capitalize())


def title_metric(metric: Metric | type[Metric]) -> str:
    """Return the head of a metric's column, with its direction where less is better."""
    return f"{metric.title} (less is better)" if metric.is_less_better else metric.title


def name_baseline(*, enlarges: bool) -> str:
    """Say what the gains of a task are over, by whether it enlarges."""
    return "bicubic" if enlarges else "the input"


def format_percent(confidence: float) -> str:
    """Say a confidence of 0.95 as "95%"."""
    return f"{100 * confidence:g}%"


def format_interval(interval: Interval, decimals: int, num_images: int) -> str:
    """Say a difference with its interval, "+0.43 [+0.31, +0.55]"; one image has none."""
    said = f"{interval.mean:+.{decimals}f}"
    if num_images < 2:
        return said
    return f"{said} [{interval.low:+.{decimals}f}, {interval.high:+.{decimals}f}]"


def format_p_value(p_value: float) -> str:
    """Say a p-value, "p = 0.012"; a small one as "p < 0.001"."""
    return "p < 0.001" if p_value < 0.001 else f"p = {p_value:.3f}"


def format_count(count: int | None) -> str:
    """Say a count in three or four digits with k, M, G or T; an unknown one as a dash."""
    if count is None:
        return ABSENT
    for unit, size in (("T", 10**12), ("G", 10**9), ("M", 10**6), ("k", 10**3)):
        if count >= size:
            value = count / size
            return f"{value:.2f} {unit}" if value < 10 else f"{value:.1f} {unit}"
    return str(count)


def count_noun(count: int, noun: str) -> str:
    """Say "1 image" or "24 images"."""
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"


def name_ordinal(place: int) -> str:
    """Say 1 as "first"."""
    return {1: "first", 2: "second", 3: "third"}.get(place, f"{place}th")
