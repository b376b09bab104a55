"""The paper's network: its size as numbers, its shapes, and that every part of it learns."""

from __future__ import annotations

import pytest
import torch

from lienet.models.lienet import LienetSuperResolution
from lienet.models.skips import BicubicUpsampling
from lienet.params import LienetModel


def make_spec(**changes: object) -> LienetModel:
    base = {
        "task": "sr",
        "name": "lienet",
        "architecture": "lienet",
        "scale": 4,
        "channels": 16,
        "objective": "sr",
        "num_blocks": 6,
        "convs_per_block": 2,
        "modulate": "concatenation",
        "self_features": True,
        "dense": True,
        "fusion_kernel": 3,
        "block_residual": True,
        "global_skip": "bicubic",
    }
    return LienetModel.model_validate(base | changes)


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
    spec = make_spec(**changes)
    model = LienetSuperResolution(spec, spec.scale)
    assert sum(parameter.numel() for parameter in model.parameters()) == expected


@pytest.mark.parametrize("scale", [2, 4])
@pytest.mark.parametrize("size", [(8, 8), (11, 17)])
def test_output_is_scale_times_the_input(scale, size):
    spec = make_spec(scale=scale, num_blocks=1)
    degraded = torch.rand(2, 3, *size)
    enhanced = LienetSuperResolution(spec, scale)(degraded)
    assert enhanced.shape == (2, 3, size[0] * scale, size[1] * scale)


def test_starts_near_bicubic():
    torch.manual_seed(0)
    model = LienetSuperResolution(make_spec(), 4)
    degraded = torch.rand(1, 3, 16, 16)
    change = (model(degraded) - BicubicUpsampling(4)(degraded)).abs().mean()
    assert 0 < change.item() < 0.2


def test_gradients_reach_every_parameter_after_one_step():
    torch.manual_seed(0)
    model = LienetSuperResolution(make_spec(num_blocks=2), 4)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    target = torch.rand(1, 3, 32, 32)
    for _ in range(2):  # modulation's weights start at zero and shield the AI features once
        optimizer.zero_grad()
        (model(torch.rand(1, 3, 8, 8)) - target).square().mean().backward()
        optimizer.step()
    silent = [name for name, value in model.named_parameters() if not value.grad.abs().sum() > 0]
    assert silent == []


def test_without_modulation_there_is_no_self_feature_extraction():
    model = LienetSuperResolution(make_spec(modulate="none"), 4)
    assert model.self_features is None
    assert model(torch.rand(1, 3, 8, 8)).shape == (1, 3, 32, 32)
