"""Measurements of two tasks at three JPEG qualities, made of those at one."""

from __future__ import annotations

from dataclasses import replace

from lienet.evaluation.scores import Interval, Result
from lienet.params import Params
from lienet.report.tables import Group

QUALITIES = (40, 10, 20)
"""In no order, as protocols may be listed."""


def make_mixed(params: Params, groups: list[Group]) -> tuple[Params, list[Group]]:
    """Return params with a task at quality 20 and one at 10 to 60, and what both measured."""
    sr = params.synthesize.tasks["sr"].model_copy(update={"test_jpeg_qualities": QUALITIES})
    tasks = {"sr": sr, "sr_mixed": sr.model_copy(update={"jpeg_quality": (10.0, 60.0)})}
    protocols, found = {}, []
    for task, prefix in (("sr", "q"), ("sr_mixed", "mixed_q")):
        for quality in QUALITIES:
            changes = {"task": task, "jpeg_quality": quality}
            protocol = params.evaluate.protocols["x4_q20_luma"].model_copy(update=changes)
            protocols[f"{prefix}{quality}"] = protocol
            found += [
                _measure(group, task, f"{prefix}{quality}", 0.001 * quality)
                for group in groups
                if group.protocol == "x4_q20_luma"
            ]
    synthesize = params.synthesize.model_copy(update={"tasks": tasks})
    evaluate = params.evaluate.model_copy(update={"protocols": protocols})
    return params.model_copy(update={"synthesize": synthesize, "evaluate": evaluate}), found


def _measure(group: Group, task: str, protocol: str, more_db: float) -> Group:
    """Return a group as another task and protocol, its gains larger by so much."""
    rows = tuple(replace(row, measured=_raise(row.measured, more_db)) for row in group.rows)
    return replace(group, task=task, protocol=protocol, rows=rows)


def _raise(measured: Result, more_db: float) -> Result:
    gain = measured.gains["psnr_db"]
    raised = Interval(gain.mean + more_db, gain.low + more_db, gain.high + more_db)
    return replace(measured, gains={**measured.gains, "psnr_db": raised})
