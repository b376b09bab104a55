"""Sums of what steps told: read when they are due, and never past a value that is not finite."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from lightning_fabric import Fabric
from torch import Tensor

from lienet.errors import TrainingError
from lienet.training.meters import Meter


@pytest.fixture
def meter() -> Meter:
    return Meter(Fabric(accelerator="cpu", devices=1))


def told(**values: float) -> dict[str, Tensor]:
    return {name: torch.tensor(value, dtype=torch.float64) for name, value in values.items()}


def test_a_mean_is_over_the_steps_that_told_a_value(meter: Meter):
    meter.add(told(loss=1.0), step=0)
    meter.add(told(loss=4.0, late=7.0), step=1)
    assert meter.take_means() == {"loss": 2.5, "late": 7.0}
    assert meter.take_means() == {}


def test_what_is_told_may_be_overwritten_by_the_next_step(meter: Meter, tmp_path: Path):
    """As by a CUDA graph, whose results lie in the same place each time."""
    values = told(loss=float("inf"))
    meter.add(values, step=0)
    values["loss"].fill_(1.0)
    meter.add(values, step=1)
    with pytest.raises(TrainingError, match="loss is not finite at step 0, got inf"):
        meter.check(state_dir=tmp_path)


def test_the_first_value_that_is_not_finite_is_named(meter: Meter, tmp_path: Path):
    meter.add(told(loss=1.0, norm=1.0), step=7)
    meter.add(told(loss=1.0, norm=float("inf"), late=float("nan")), step=8)
    meter.add(told(loss=float("nan"), norm=1.0, late=1.0), step=9)
    with pytest.raises(TrainingError, match="the norm is not finite at step 8, got inf"):
        meter.check(state_dir=tmp_path)


def test_finite_values_pass_and_are_kept(meter: Meter, tmp_path: Path):
    meter.add(told(loss=1.0), step=0)
    meter.check(state_dir=tmp_path)
    meter.check(state_dir=tmp_path)
    meter.add(told(loss=2.0), step=1)
    assert meter.take_means() == {"loss": 1.5}


def test_sums_go_on_where_they_stopped(meter: Meter):
    meter.add(told(loss=1.0), step=0)
    state = meter.state_dict()
    meter.add(told(loss=1.0), step=1)
    assert state["sums"]["loss"].item() == 1.0
    resumed = Meter(Fabric(accelerator="cpu", devices=1))
    resumed.load_state_dict(state)
    resumed.add(told(loss=3.0), step=1)
    assert resumed.take_means() == {"loss": 2.0}
