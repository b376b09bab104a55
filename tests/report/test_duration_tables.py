"""Seconds are added up for each stage, and for all."""

from __future__ import annotations

from rich.console import Console

from lienet.durations import Duration
from lienet.report.duration_tables import draw_durations, make_duration_sheets

DURATIONS = [
    Duration("train", "sr-lienet", seconds=40.4, processor_s=70.0),
    Duration("train", "face-lienet", seconds=20.0, processor_s=30.0),
    Duration("report", "report", seconds=5.0, processor_s=4.0),
]


def test_a_line_for_each_stage_and_one_for_all():
    (sheet,) = make_duration_sheets(DURATIONS)
    assert [[cell.text for cell in line] for line in sheet.lines] == [
        ["train", "2", "60.4", "40.4", "100.0"],
        ["report", "1", "5.0", "5.0", "4.0"],
        ["all", "3", "65.4", "40.4", "104.0"],
    ]


def test_nothing_noted_makes_no_sheet():
    assert make_duration_sheets([]) == []


def test_a_terminal_shows_the_same():
    console = Console(width=100)
    with console.capture() as shown:
        console.print(draw_durations(DURATIONS[2:]))
    assert shown.get().splitlines()[1].split() == ["report", "1", "5.0", "5.0", "4.0"]
