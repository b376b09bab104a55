"""Where the time went: seconds of each stage, for the page and for a terminal."""

from __future__ import annotations

from collections.abc import Sequence

from rich.table import Table

from lienet.durations import Duration
from lienet.report.side_tables import Sheet
from lienet.report.summaries import Cell
from lienet.text_tables import draw_table

_TITLES = ("stage", "items", "seconds", "of the longest", "of processors")
_NUM_WORDS = 1
STAGES = (
    "code",
    "download",
    "filter",
    "synthesize",
    "train",
    "export",
    "evaluate",
    "time",
    "report",
)
"""In the order in which they run."""
_NOTE = (
    "Seconds of the last run of each item on this machine, added up, though some may have run side "
    "by side; what is up to date is not run again."
)


def make_duration_sheets(durations: Sequence[Duration]) -> list[Sheet]:
    """Return the sheet of the page, or none where nothing has been noted."""
    lines = [[Cell(text) for text in line] for line in _sum_up(durations)]
    return [Sheet("Time", _NOTE, _TITLES, lines, num_words=_NUM_WORDS)] if lines else []


def draw_durations(durations: Sequence[Duration]) -> Table:
    """Return the same table for a terminal."""
    numbers = range(_NUM_WORDS, len(_TITLES))
    return draw_table(_TITLES, _sum_up(durations), numbers=numbers)


def _sum_up(durations: Sequence[Duration]) -> list[list[str]]:
    """Return a line for each stage, and one for all where there are several."""
    stages: dict[str, list[Duration]] = {stage: [] for stage in STAGES}
    for each in durations:
        stages[each.stage].append(each)
    lines = [_add_up(stage, of_stage) for stage, of_stage in stages.items() if of_stage]
    return [*lines, _add_up("all", durations)] if len(lines) > 1 else lines


def _add_up(title: str, durations: Sequence[Duration]) -> list[str]:
    seconds = [each.seconds for each in durations]
    times = (sum(seconds), max(seconds), sum(each.processor_s for each in durations))
    return [title, str(len(durations)), *(f"{each:.1f}" for each in times)]
