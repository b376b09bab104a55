"""What a model must show before it becomes its task's champion."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from lienet.params.base import Name, Positive, Section, Task

Tolerance = Annotated[float, Field(ge=0.0, allow_inf_nan=False)] | None


class LatencyBudget(Section):
    """How slow a task's models may be, relative to a network evaluated in the same workspace."""

    reference: str
    """A key of ``models``, of the same task and of the scale of its deciding protocol."""
    ratio: Annotated[float, Field(gt=0.0, allow_inf_nan=False)]
    """The highest latency, in multiples of the reference's."""


class TaskGate(Section):
    """What decides for one task, and how large its models may be."""

    protocol: Name
    """Of ``evaluate.protocols``: what the gain is taken under, and MLflow's Table 1."""
    max_params: Positive
    max_macs: Positive
    """Multiply-adds for the output size that ``evaluate`` states."""
    max_latency: LatencyBudget | None = None
    """Null where latency does not count."""


class Promote(Section):
    """The gate between a challenger and the champion."""

    measure: Name
    """What must be gained, by an interval that lies above zero: ``psnr_db``, ``ssim`` or a key of
    ``evaluate.metrics``."""
    confidence: Annotated[float, Field(ge=0.95, lt=1.0)]
    """Of that interval; higher than a report's, as the gate is asked again for every challenger."""
    min_images: Annotated[int, Field(ge=2)]
    """Fewer test images say nothing: the interval of one has no width."""
    tolerances: dict[Name, Tolerance]
    """How far a measure's mean over a test set may be worse than the champion's, under any
    protocol; one that is null or left out may be as bad as it is."""
    tasks: dict[Task, TaskGate]
