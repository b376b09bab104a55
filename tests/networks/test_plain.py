"""The plain network: its size by hand, its shapes, and where it starts."""

from __future__ import annotations

import pytest
import torch

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


def test_starts_near_bicubic():
    torch.manual_seed(0)
    degraded = torch.rand(1, 3, 16, 16)
    change = (Plain(plain_spec(), 4)(degraded) - BicubicUpsampling(4)(degraded)).abs().mean()
    assert 0 < change.item() < 0.2


def test_gradients_reach_every_parameter_after_one_step():
    torch.manual_seed(0)
    model = Plain(plain_spec(channels=8, num_blocks=2), 4)
    assert find_silent_parameters(model, torch.rand(1, 3, 8, 8), torch.rand(1, 3, 32, 32)) == []
