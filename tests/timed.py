"""Timings of a task as the stage time writes them."""

from __future__ import annotations

from collections.abc import Mapping

from lienet.evaluation.timings import ModelTimings, Timing, Timings, read_timings
from lienet.files import write_json
from lienet.workspace import Workspace


def write_timings(workspace: Workspace, task: str, models: Mapping[str, tuple[str, float]]) -> None:
    """Add networks, each with its weights' hash and its latency in ms, to those of a task."""
    former = read_timings(workspace, task)
    timed = {} if former is None else {**former.models}
    for name, (sha256, latency_ms) in models.items():
        timing = Timing(latency_ms={1: latency_ms, 2: latency_ms / 2}, peak_memory_mb=20.0)
        timed[name] = ModelTimings(weights_sha256=sha256, files={"onnx": timing})
    timings = Timings(
        task=task,
        digest="",
        machine="test",
        busy_processors=0.0,
        input_px=(180, 320),
        models=timed,
    )
    write_json(workspace.timings_path(task), timings.model_dump(mode="json"))
