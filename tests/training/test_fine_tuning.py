"""Given weights are taken only where they are the pinned ones, and of the same network."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file
from torch import nn

from lienet.deployment.shipped_weights import find_entry
from lienet.errors import ModelError
from lienet.files import sha256_of_file
from lienet.networks.registry import build_model
from lienet.params import FineTuning, load_params
from lienet.training.fine_tuning import load_start


@pytest.fixture
def weights(tmp_path: Path) -> Path:
    path = tmp_path / "mine.safetensors"
    save_file(nn.Linear(2, 3).state_dict(), path)
    return path


def choose(path: Path, *, sha256: str | None = None) -> FineTuning:
    pinned = sha256 or sha256_of_file(path)
    return FineTuning(weights=path.name, sha256=pinned, steps=1, quantised=False)


def test_weights_of_a_file_beside_the_params(weights: Path, tmp_path: Path):
    model = nn.Linear(2, 3)
    torch.nn.init.zeros_(model.weight)
    load_start(model, choose(weights), tmp_path)
    assert model.weight.abs().min() > 0


def test_weights_that_come_along_fit_the_profile_that_made_them(repository: Path, tmp_path: Path):
    params = load_params(repository / "profiles" / "release.yaml")
    for key, spec in params.models.items():
        entry = find_entry(spec.task, model=spec.name)
        chosen = FineTuning(
            weights=entry.name, sha256=entry.sha256["safetensors"], steps=1, quantised=False
        )
        model = build_model(spec)
        before = {name: value.clone() for name, value in model.state_dict().items()}
        load_start(model, chosen, tmp_path)
        changed = [
            name for name, value in model.state_dict().items() if (value != before[name]).any()
        ]
        assert len(changed) > len(before) / 2, key


def test_missing_weights_are_named(tmp_path: Path):
    chosen = FineTuning(weights="none", sha256="0" * 64, steps=1, quantised=False)
    with pytest.raises(ModelError, match=r"none\.safetensors; correct fine_tuning\.weights"):
        load_start(nn.Linear(2, 3), chosen, tmp_path)


def test_other_weights_than_the_pinned_are_refused(weights: Path, tmp_path: Path):
    with pytest.raises(ModelError, match=r"is not what fine_tuning\.sha256 pins"):
        load_start(nn.Linear(2, 3), choose(weights, sha256="0" * 64), tmp_path)


def test_weights_of_another_network_are_refused(weights: Path, tmp_path: Path):
    with pytest.raises(ModelError, match="does not fit the model"):
        load_start(nn.Linear(2, 4), choose(weights), tmp_path)
