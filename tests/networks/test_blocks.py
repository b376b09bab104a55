"""Blocks: hand-computed values, identity starts, exact parameter counts, gradients."""

from __future__ import annotations

import math

import pytest
import torch
from torch import nn

from lienet.networks.blocks import (
    DenseModulationBlock,
    Modulation,
    ResidualBlock,
    SelfFeatureExtraction,
    concatenate,
    conv,
)


def count(module: nn.Module) -> int:
    return sum(parameter.numel() for parameter in module.parameters())


def make_block(**changes: object) -> DenseModulationBlock:
    options = {
        "num_convs": 3,
        "modulate": "concatenation",
        "dense": True,
        "fusion_kernel": 1,
        "residual": True,
    }
    return DenseModulationBlock(16, **(options | changes))  # type: ignore[arg-type]


def test_conv_follows_he():
    torch.manual_seed(0)
    layer = conv(64, 256)
    expected = math.sqrt(2 / (1 + 0.1**2) / (64 * 9))
    assert layer.weight.std().item() == pytest.approx(expected, rel=0.02)
    assert layer.bias is not None
    assert layer.bias.abs().max() == 0


def test_modulation_starts_as_the_identity():
    layer = Modulation(16, 32)
    features, condition = torch.randn(2, 32, 5, 7), torch.randn(2, 16, 5, 7)
    assert torch.equal(layer(features, condition), features)


def test_modulation_by_hand():
    layer = Modulation(1, 1)
    with torch.no_grad():
        for part, weight, bias in ((layer.alpha, 2.0, 1.0), (layer.beta, -1.0, 0.5)):
            part.weight.fill_(weight)
            part.bias.fill_(bias)
    # F = 3: alpha = 2 * 3 + 1 = 7, beta = -3 + 0.5 = -2.5; y = 7 * 4 - 2.5
    result = layer(torch.full((1, 1, 1, 1), 4.0), torch.full((1, 1, 1, 1), 3.0))
    assert result.item() == 25.5


def test_modulation_costs_two_pointwise_convolutions():
    assert count(Modulation(16, 16)) == 2 * (16 * 16 + 16)


def test_self_feature_extraction_has_two_residual_blocks_and_four_convolutions():
    module = SelfFeatureExtraction(3, 16)
    three_by_three = 16 * 16 * 9 + 16
    assert count(module) == (3 * 16 * 9 + 16) + 3 * three_by_three + 2 * 2 * three_by_three
    assert sum(isinstance(layer, ResidualBlock) for layer in module.modules()) == 2
    assert module(torch.rand(1, 3, 9, 11)).shape == (1, 16, 9, 11)


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        # convolutions 16, 32 and 48 -> 16; modulations of 32, 48, 64; fusion 64 -> 16
        ({}, 2320 + 4624 + 6928 + 34 * (32 + 48 + 64) + 1040),
        ({"modulate": "output"}, 2320 + 4624 + 6928 + 3 * 34 * 16 + 1040),
        ({"modulate": "none"}, 2320 + 4624 + 6928 + 1040),
        ({"dense": False}, 3 * 2320 + 3 * 34 * 16 + 272),
        ({"num_convs": 2, "fusion_kernel": 3}, 2320 + 4624 + 34 * (32 + 48) + 48 * 16 * 9 + 16),
    ],
)
def test_dense_modulation_block_parameters(changes, expected):
    assert count(make_block(**changes)) == expected


@pytest.mark.parametrize("modulate", ["concatenation", "output", "none"])
@pytest.mark.parametrize("dense", [True, False])
@pytest.mark.parametrize("residual", [True, False])
def test_dense_modulation_block_shape_and_gradients(modulate, dense, residual):
    torch.manual_seed(0)
    block = make_block(modulate=modulate, dense=dense, residual=residual)
    for layer in block.modulations:
        nn.init.normal_(layer.alpha.weight, std=0.1)
        nn.init.normal_(layer.beta.weight, std=0.1)
    features = torch.randn(2, 16, 6, 5, requires_grad=True)
    condition = torch.randn(2, 16, 6, 5, requires_grad=True)
    output = block(features, condition)
    output.square().sum().backward()
    assert output.shape == features.shape
    assert features.grad.abs().sum() > 0
    assert (condition.grad is not None) == (modulate != "none")
    assert all(parameter.grad is not None for parameter in block.parameters())


def test_dense_block_keeps_every_feature_by_hand():
    """With convolutions that do nothing, the fusion sees the input and zeros."""
    block = make_block(num_convs=1, residual=False)
    with torch.no_grad():
        block.convs[0].weight.zero_()
        block.fusion.weight.zero_()
        block.fusion.weight[:, :16, 0, 0] = torch.eye(16)
    features = torch.randn(1, 16, 4, 4)
    assert torch.allclose(block(features, torch.randn(1, 16, 4, 4)), features)


def test_concatenation_has_dense_gradients_equal_to_the_plain_ones():
    parts = [torch.randn(2, width, 3, 4, requires_grad=True) for width in (5, 2)]
    weight = torch.randn(2, 7, 3, 4)
    plain = torch.autograd.grad((torch.cat(parts, dim=1) * weight).sum(), parts)
    joined = concatenate(*parts, training=True)
    dense = torch.autograd.grad((joined * weight).sum(), parts)
    assert torch.equal(joined, torch.cat(parts, dim=1))
    for mine, theirs in zip(dense, plain, strict=True):
        assert torch.equal(mine, theirs)
        assert mine.is_contiguous(memory_format=torch.channels_last)
