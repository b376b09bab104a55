"""The stage ``time``: exported networks and methods in, how long each takes out."""

from __future__ import annotations

from lienet.evaluation.in_turn import time_task
from lienet.files import locked, write_json
from lienet.params import Params
from lienet.tracking.track import track_after_stage
from lienet.workspace import Workspace


def list_items(params: Params) -> list[str]:
    """Return the tasks that tables are made of."""
    return [*params.report.figure_protocols]


def run(params: Params, workspace: Workspace, item: str) -> None:
    """Write ``reports/time/<task>.json``; one task of a workspace at a time.

    Raises:
        DataError: a model of the task has not been evaluated.
        ModelError: a model has not been exported, or cannot be run.
    """
    with locked(workspace.state_dir / "time.lock"):
        timings = time_task(params, workspace, item)
    write_json(workspace.timings_path(item), timings.model_dump(mode="json"))
    models = {**params.models, **params.evaluate.methods}
    keys = [
        key for key, each in models.items() if each.task == item and each.name in timings.models
    ]
    track_after_stage(params, workspace, keys)
