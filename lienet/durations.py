"""How long each entry of the pipeline took when it last ran: notes that no entry depends on.

One small file for each entry, so that entries that run side by side do not meet.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass

from lienet.files import write_json
from lienet.workspace import Workspace


@dataclass(frozen=True)
class Duration:
    """What one entry took: by the clock, and of all processors, its child processes included."""

    stage: str
    item: str
    seconds: float
    processor_s: float


@contextmanager
def noting_duration(
    workspace: Workspace, stage: str, item: str, *, starts_process: bool
) -> Iterator[None]:
    """Note how long an entry takes, unless it fails.

    Args:
        workspace: where it runs.
        stage: its stage.
        item: its item.
        starts_process: whether what this process has done so far, its imports, counts as well.
    """
    began, processor_began = time.perf_counter(), _measure_processor_s()
    before_s = processor_began if starts_process else 0.0
    yield
    duration = Duration(
        stage,
        item,
        seconds=round(before_s + time.perf_counter() - began, 2),
        processor_s=round(before_s + _measure_processor_s() - processor_began, 2),
    )
    write_json(workspace.durations_dir / stage / f"{item}.json", asdict(duration))


def read_durations(workspace: Workspace) -> list[Duration]:
    """Return what is noted of the stage code and of the entries that it last found in params."""
    paths = sorted(workspace.durations_dir.glob("*/*.json"))
    noted = [Duration(**json.loads(path.read_bytes())) for path in paths]
    return [
        each
        for each in noted
        if each.stage == "code" or workspace.resolved_path(each.stage, each.item).is_file()
    ]


def _measure_processor_s() -> float:
    used = os.times()
    return used.user + used.system + used.children_user + used.children_system
