"""The average against numbers worked by hand; the model's own weights come back."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from lienet.training.ema import WeightAverage


def model_of(value: float) -> nn.Linear:
    layer = nn.Linear(1, 1, bias=False)
    nn.init.constant_(layer.weight, value)
    return layer


def test_update_by_hand():
    model = model_of(0.0)
    average = WeightAverage(model, decay=0.5)
    nn.init.constant_(model.weight, 1.0)
    average.update(model, 0)  # decay min(0.5, 1/10): 0.1 * 0 + 0.9 * 1
    assert average.state_dict()["weight"].item() == pytest.approx(0.9)
    nn.init.constant_(model.weight, 2.0)
    average.update(model, 100)  # decay 0.5: 0.45 + 1
    assert average.state_dict()["weight"].item() == pytest.approx(1.45)


def test_applied_to_restores_weights_and_mode():
    model = model_of(0.0)
    average = WeightAverage(model, decay=0.5)
    nn.init.constant_(model.weight, 4.0)
    model.train()
    with average.applied_to(model):
        assert model.weight.item() == 0.0
        assert not model.training
    assert model.weight.item() == 4.0
    assert model.training


def test_restores_after_an_error():
    model = model_of(1.0)
    average = WeightAverage(model, decay=0.5)
    nn.init.constant_(model.weight, 4.0)
    with pytest.raises(KeyError), average.applied_to(model):
        raise KeyError
    assert model.weight.item() == 4.0


def test_batch_statistics_are_averaged_and_counters_copied():
    model = nn.BatchNorm2d(2)
    average = WeightAverage(model, decay=0.5)
    model(torch.full((4, 2, 3, 3), 10.0))
    average.update(model, 1000)
    state = average.state_dict()
    assert state["num_batches_tracked"].item() == 1
    assert state["running_mean"].tolist() == pytest.approx([0.5, 0.5])  # half of momentum's 1.0


def test_round_trip():
    first = WeightAverage(model_of(3.0), decay=0.9)
    second = WeightAverage(model_of(0.0), decay=0.9)
    second.load_state_dict(first.state_dict())
    target = model_of(1.0)
    second.copy_to(target)
    assert target.weight.item() == 3.0
