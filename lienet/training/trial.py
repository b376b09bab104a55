"""A trial of a few steps of a training, timed; the training itself knows nothing of it."""

from __future__ import annotations

import copy
import statistics
import tempfile
import time
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path

import torch
from torch import nn

from lienet.images import Pixels
from lienet.params import Objective
from lienet.shards.patch_sampling import BatchRequest
from lienet.training.graphs import EAGER_CALLS
from lienet.training.loop import Assignment, fit, start_fabric
from lienet.training.precision import Precision

_WARM_UP, _TIMED = 2, 5
"""Steps; the first ones lay out weights and choose kernels. A GPU records its graph, too."""
_INTERVALS = ("log_every_steps", "validate_every_steps", "checkpoint_every_steps")


@dataclass(frozen=True)
class OneBatch:
    """The same batch at every step: decoding is not what is timed."""

    degraded: Pixels
    reference: Pixels

    def draw(self, asked: BatchRequest) -> tuple[Pixels, Pixels]:
        """Return it."""
        return self.degraded, self.reference


def time_step(model: nn.Module, work: Assignment, precision: Precision) -> float:
    """Return the median seconds of a training step in a number format.

    All parts of the objective count, those of a warm-up's end, too. The model and torch's random
    state stay as they are.
    """
    train = work.train
    on_gpu = train.accelerator != "cpu" and torch.cuda.is_available()
    warm_up = EAGER_CALLS + 2 if on_gpu else _WARM_UP
    batch = work.patches.draw(work.ask(step=0))
    ends_s: list[float] = []

    def note_end(step: int) -> None:
        if on_gpu:
            torch.cuda.synchronize()  # what was only asked for is not done yet
        ends_s.append(time.perf_counter())

    with tempfile.TemporaryDirectory() as state_dir, torch.random.fork_rng():
        trial = replace(
            work,
            train=train.model_copy(
                update={"steps": warm_up + _TIMED + 1, "precision": precision}
                | dict.fromkeys(_INTERVALS, 1_000_000)
            ),
            objective=_without_warm_up(work.objective),
            patches=OneBatch(*batch),
            valid_tiles=(),
            state_dir=Path(state_dir),
            on_row=lambda row: None,
            on_step=note_end,
        )
        fit(copy.deepcopy(model), trial, start_fabric(trial.train, precision))
    taken = [after - before for before, after in pairwise(ends_s)]
    return statistics.median(taken[warm_up - 1 : -1])


def _without_warm_up(objective: Objective) -> Objective:
    if objective.adversarial is None:
        return objective
    begun = objective.adversarial.model_copy(update={"warm_up_steps": 0})
    return objective.model_copy(update={"adversarial": begun})
