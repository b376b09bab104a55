"""The paper's network: its size as numbers, its shapes, and that every part of it learns."""

from __future__ import annotations

import pytest
import torch

from lienet.networks.global_skip import BicubicUpsampling
from lienet.networks.super_resolution import LienetSuperResolution
from tests.networks.gradients import find_silent_parameters
from tests.networks.specs import lienet_spec


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, 123_648),
        ({"modulate": "output"}, 113_856),
        ({"convs_per_block": 3, "fusion_kernel": 1}, 142_944),
        ({"global_skip": "none"}, 123_648),
        ({"global_skip": "colour"}, 123_648 + 12),
        # One convolution of the input in the place of eight.
        ({"self_features": False}, 123_648 - 7 * (16 * 16 * 9 + 16)),
        ({"scale": 2}, 123_648 - 17 * 9 * 36 + 9 * 36 - 36),
    ],
)
def test_parameter_counts(changes, expected):
    spec = lienet_spec(**changes)
    model = LienetSuperResolution(spec, spec.scale)
    assert sum(parameter.numel() for parameter in model.parameters()) == expected


@pytest.mark.parametrize("scale", [2, 4])
@pytest.mark.parametrize("size", [(8, 8), (11, 17)])
def test_output_is_scale_times_the_input(scale, size):
    spec = lienet_spec(scale=scale, num_blocks=1)
    degraded = torch.rand(2, 3, *size)
    enhanced = LienetSuperResolution(spec, scale)(degraded)
    assert enhanced.shape == (2, 3, size[0] * scale, size[1] * scale)


def test_starts_near_bicubic():
    torch.manual_seed(0)
    model = LienetSuperResolution(lienet_spec(), 4)
    degraded = torch.rand(1, 3, 16, 16)
    change = (model(degraded) - BicubicUpsampling(4)(degraded)).abs().mean()
    assert 0 < change.item() < 0.2


def test_gradients_reach_every_parameter_after_one_step():
    torch.manual_seed(0)
    model = LienetSuperResolution(lienet_spec(num_blocks=2), 4)
    silent = find_silent_parameters(model, torch.rand(1, 3, 8, 8), torch.rand(1, 3, 32, 32))
    assert silent == []


def test_without_modulation_there_is_no_self_feature_extraction():
    model = LienetSuperResolution(lienet_spec(modulate="none"), 4)
    assert model.self_features is None
    assert model(torch.rand(1, 3, 8, 8)).shape == (1, 3, 32, 32)
