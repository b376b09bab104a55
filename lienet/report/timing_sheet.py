"""The table of where and how latency was measured, and of what else the machine did meanwhile."""

from __future__ import annotations

from collections.abc import Iterable

from lienet.evaluation.timings import BUSY_PROCESSORS, Timings
from lienet.report.number_format import ABSENT, title_task
from lienet.report.side_tables import Sheet
from lienet.report.summaries import Cell

_NOTE = (
    "Everything of a task is timed in one run and in turn, each file in a process of its own; the "
    "figure is the median of up to five runs, in the quietest round. Where other programs kept "
    f"more than {BUSY_PROCESSORS:g} processors busy when it began, latencies are too long."
)


def make_timing_sheets(timings: Iterable[Timings]) -> list[Sheet]:
    """Return one sheet of all tasks; none where nothing was timed."""
    lines = [
        [
            Cell(title_task(each.task)),
            Cell(each.machine),
            Cell("{1}x{0} px".format(*each.input_px)),
            Cell(ABSENT if each.busy_processors is None else f"{each.busy_processors:.1f}"),
        ]
        for each in timings
    ]
    titles = ["task", "machine", "input", "processors busy with other programs"]
    return [Sheet("Where latency was measured", _NOTE, titles, lines, num_words=3)] if lines else []
