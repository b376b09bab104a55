from __future__ import annotations

from lienet.evaluation.timings import Timings
from lienet.report.timing_sheet import make_timing_sheets


def make_timings(task: str, busy: float | None) -> Timings:
    return Timings(
        task=task,
        digest="",
        machine="Imaginary CPU, 2 processors",
        busy_processors=busy,
        input_px=(180, 320),
        models={},
    )


def test_each_task_is_a_line_and_a_busy_machine_shows():
    (sheet,) = make_timing_sheets([make_timings("sr", 0.02), make_timings("face", None)])
    assert [[cell.text for cell in line] for line in sheet.lines] == [
        ["Super-resolution", "Imaginary CPU, 2 processors", "320x180 px", "0.0"],
        ["Faces", "Imaginary CPU, 2 processors", "320x180 px", "–"],
    ]
    assert make_timing_sheets([]) == []
