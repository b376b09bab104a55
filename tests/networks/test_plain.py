"""The plain network: its size by hand, its shapes, and where it starts."""

from __future__ import annotations

import pytest
import torch
from pydantic import ValidationError

from lienet.networks.global_skip import BicubicUpsampling
from lienet.networks.plain import Plain
from tests.networks.gradients import find_silent_parameters
from tests.networks.specs import plain_spec


def test_parameters_by_hand():
    head, tail = 3 * 32 * 9 + 32, 32 * 48 * 9 + 48
    blocks = 6 * 2 * (32 * 32 * 9 + 32)
    model = Plain(plain_spec(), 4)
    assert sum(parameter.numel() for parameter in model.parameters()) == head + blocks + tail


@pytest.mark.parametrize("scale", [2, 4])
@pytest.mark.parametrize("skip", ["none", "bicubic", "colour"])
def test_output_is_scale_times_the_input(scale, skip):
    model = Plain(plain_spec(scale=scale, num_blocks=1, global_skip=skip), scale)
    assert model(torch.rand(2, 3, 9, 13)).shape == (2, 3, 9 * scale, 13 * scale)


@pytest.mark.parametrize("skip", ["none", "bicubic", "colour"])
def test_folded_it_keeps_any_size(skip):
    model = Plain(plain_spec(scale=1, fold=4, num_blocks=1, global_skip=skip), 1)
    assert model.head.weight.shape == (32, 48, 3, 3)
    for size in ((8, 8), (9, 13), (11, 18)):
        assert model(torch.rand(2, 3, *size)).shape == (2, 3, *size)


def test_folded_with_silent_tail_it_gives_its_input():
    model = Plain(plain_spec(scale=1, fold=2, num_blocks=1), 1)
    torch.nn.init.zeros_(model.tail.weight)
    degraded = torch.rand(1, 3, 9, 14)
    assert torch.equal(model(degraded), degraded)


def test_a_fold_is_for_scale_1():
    with pytest.raises(ValidationError, match="fold is for scale 1, got fold 2 at scale 4"):
        plain_spec(fold=2)


def test_starts_near_bicubic():
    torch.manual_seed(0)
    degraded = torch.rand(1, 3, 16, 16)
    change = (Plain(plain_spec(), 4)(degraded) - BicubicUpsampling(4)(degraded)).abs().mean()
    assert 0 < change.item() < 0.2


def test_gradients_reach_every_parameter_after_one_step():
    torch.manual_seed(0)
    model = Plain(plain_spec(channels=8, num_blocks=2), 4)
    assert find_silent_parameters(model, torch.rand(1, 3, 8, 8), torch.rand(1, 3, 32, 32)) == []
