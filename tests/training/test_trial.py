"""A trial tells the time of a step, and leaves the training as it was."""

from __future__ import annotations

import time
from pathlib import Path

import numpy as np
import pytest
import torch

from lienet.params import Objective
from lienet.shards.patch_sampling import BatchRequest
from lienet.training.loop import Assignment
from lienet.training.trial import time_step
from tests.training.loop_inputs import GAN, OBJECTIVE, make_train


class Slow(torch.nn.Module):
    """Enlarges twofold, in a hundredth of a second."""

    def __init__(self) -> None:
        super().__init__()
        self.body = torch.nn.Conv2d(3, 12, 1)
        self.dtypes: list[torch.dtype] = []

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        time.sleep(0.01)
        outputs = self.body(images)
        self.dtypes.append(outputs.dtype)
        return torch.nn.functional.pixel_shuffle(outputs, 2)


class Batches:
    def draw(self, asked: BatchRequest) -> tuple[np.ndarray, np.ndarray]:
        shape = (asked.batch_size, asked.patch_px, asked.patch_px, 3)
        return np.zeros(shape, np.uint8), np.zeros((shape[0], 32, 32, 3), np.uint8)


def assign(folder: Path, objective: dict[str, object]) -> Assignment:
    return Assignment(
        train=make_train(),
        objective=Objective.model_validate(objective),
        seed=0,
        run_key="",
        patches=Batches(),
        valid_tiles=(),
        state_dir=folder,
    )


@pytest.mark.parametrize("objective", [OBJECTIVE, GAN], ids=["pixels", "adversarial"])
def test_the_time_of_a_step_is_told_and_nothing_is_changed(
    tmp_path: Path, objective: dict[str, object]
):
    model = Slow()
    before = {name: value.clone() for name, value in model.state_dict().items()}
    state = torch.random.get_rng_state()
    assert 0.01 < time_step(model, assign(tmp_path, objective), "fp32") < 2
    assert torch.equal(torch.random.get_rng_state(), state)
    assert all(torch.equal(value, before[name]) for name, value in model.state_dict().items())
    assert list(tmp_path.iterdir()) == []


def test_steps_are_taken_in_the_format_asked_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    model = Slow()
    monkeypatch.setattr("copy.deepcopy", lambda module: module)
    time_step(model, assign(tmp_path, OBJECTIVE), "bf16")
    assert set(model.dtypes) == {torch.bfloat16}
