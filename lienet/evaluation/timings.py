"""How long each network and method of a task takes, as the stage time measured them in turn.

Owns the schema of ``reports/time/<task>.json``, and how its figures come to stand beside those that
evaluate measured: those of other weights are left out.
"""

from __future__ import annotations

from collections.abc import Mapping

from pydantic import BaseModel, ConfigDict

from lienet.evaluation.format_costs import FLOAT32, FormatCosts, read_format_costs
from lienet.evaluation.scores import Evaluation, read_evaluation, read_measured
from lienet.workspace import Workspace

METHOD = "method"
"""Stands for the file of what has none: a method that learns nothing."""
BUSY_PROCESSORS = 0.25
"""When other programs keep more than this busy, latencies come out too long."""


class Timing(BaseModel):
    """One file, or one method."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    latency_ms: dict[int, float]
    """By number of threads."""
    peak_memory_mb: float | None
    """What running adds on one thread; None for a method, and where the system does not say."""


class ModelTimings(BaseModel):
    """The files of one network, or one method."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    weights_sha256: str
    """Empty for a method."""
    files: dict[str, Timing]
    """By format, ``onnx`` being the network itself; of a method ``method`` alone."""


class Timings(BaseModel):
    """Everything of a task, measured in one run on one machine."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    task: str
    digest: str
    """Of what was measured, how and where: with the same, nothing is measured again."""
    machine: str
    busy_processors: float | None
    """How many other programs kept busy before it began; None where the system does not say."""
    input_px: tuple[int, int]
    models: dict[str, ModelTimings]
    """By name."""

    @property
    def is_beside_others(self) -> bool:
        """Whether other programs kept the machine busy."""
        return self.busy_processors is not None and self.busy_processors > BUSY_PROCESSORS


def read_timings(workspace: Workspace, task: str) -> Timings | None:
    """Read what the stage time wrote of a task; None before it has run.

    Raises:
        DataError: the file is broken.
    """
    path = workspace.timings_path(task)
    if not path.is_file():
        return None
    return read_measured(Timings, path, what="timings", remedy="run `lienet time` again")


def find_timings(timings: Timings | None, model: str, weights_sha256: str) -> Mapping[str, Timing]:
    """Return a model's timings by format; none where they are of other weights."""
    found = None if timings is None else timings.models.get(model)
    return found.files if found is not None and found.weights_sha256 == weights_sha256 else {}


def read_timed_evaluation(
    workspace: Workspace, task: str, model: str, *, remedy: str
) -> Evaluation:
    """Read what evaluate measured of a network or method, with the time that one run takes.

    Raises:
        DataError: a file is missing or broken.
    """
    evaluation = read_evaluation(workspace.evaluation_path(task, model), remedy=remedy)
    timings = read_timings(workspace, task)
    files = find_timings(timings, model, evaluation.weights_sha256)
    timing = files.get(FLOAT32, files.get(METHOD))
    if timings is None or timing is None:
        return evaluation
    return evaluation.model_copy(
        update={"latency_ms": timing.latency_ms[1], "latency_input_px": timings.input_px}
    )


def read_timed_costs(workspace: Workspace, task: str, model: str, *, remedy: str) -> FormatCosts:
    """Read what evaluate measured of a network's formats, with time and memory.

    Raises:
        DataError: a file is missing or broken.
    """
    costs = read_format_costs(workspace.format_costs_path(task, model), remedy=remedy)
    timings = read_timings(workspace, task)
    if timings is None:
        return costs
    files = find_timings(timings, model, costs.weights_sha256)
    formats = [
        each.model_copy(update=files[each.format].model_dump()) if each.format in files else each
        for each in costs.formats
    ]
    return costs.model_copy(update={"formats": formats, "latency_input_px": timings.input_px})
