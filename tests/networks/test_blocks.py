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
    Spade,
    concatenate,
    conv,
    measure_statistics,
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


def test_statistics_by_hand():
    """Eq. 4 with the square inside the sum: mean of 1, 9, 25, 49 less mean squared, 21 - 16."""
    mean, variance = measure_statistics(torch.tensor([1.0, 3.0, 5.0, 7.0]).reshape(1, 1, 2, 2))
    assert mean.item() == 4.0
    assert variance.item() == 5.0


def test_spade_by_hand():
    layer = Spade(1, 1, factor=2, epsilon=0.0)
    with torch.no_grad():
        layer.shared.weight.fill_(0.5)
        for part, weight, bias in (
            (layer.modulation.alpha, 2.0, 1.0),
            (layer.modulation.beta, -1.0, 0.5),
        ):
            part.weight.fill_(weight)
            part.bias.fill_(bias)
    features = torch.tensor([1.0, 3.0, 5.0, 7.0]).reshape(1, 1, 2, 2)
    guide = torch.zeros(1, 1, 4, 4)
    guide[0, 0, :2, :2] = 1.0  # shared 0.5 * 4 = 2: alpha 5, beta -1.5
    guide[0, 0, 2:, 2:] = -5.0  # shared -10, leaky -1: alpha -1, beta 1.5
    # mean 4, deviation sqrt(5); elsewhere alpha 1 and beta 0.5
    root = math.sqrt(5.0)
    expected = [5 * -3 / root - 1.5, -1 / root + 0.5, 1 / root + 0.5, -3 / root + 1.5]
    assert layer(features, guide).flatten().tolist() == pytest.approx(expected)
    # Given statistics take the place of its own: (x - 1) / 2.
    given = (torch.ones(1, 1, 1, 1), torch.full((1, 1, 1, 1), 4.0))
    expected = [5 * 0 - 1.5, 1 + 0.5, 2 + 0.5, -3 + 1.5]
    assert layer(features, guide, given).flatten().tolist() == pytest.approx(expected)


def test_spade_starts_as_plain_normalisation():
    torch.manual_seed(0)
    features = 3.0 + 2.0 * torch.randn(2, 8, 6, 7)
    found = Spade(4, 8, factor=4)(features, torch.randn(2, 4, 24, 28))
    torch.testing.assert_close(found, nn.functional.instance_norm(features))


def test_spade_has_one_shared_convolution_and_one_for_each_parameter():
    assert count(Spade(16, 16, factor=4)) == (16 * 16 * 16 + 16) + 2 * (16 * 16 + 16)


def test_spade_normalises_in_float32_under_autocast():
    """Bright and almost even: bfloat16 tells 100.0 from 100.5, but not their mean or variance."""
    layer = Spade(1, 1, factor=1)
    features = torch.full((1, 1, 8, 8), 100.0)
    features[..., ::2, :] = 100.5
    with torch.autocast("cpu", torch.bfloat16):
        found = layer(features.bfloat16(), torch.zeros(1, 1, 8, 8))
    assert found.dtype == torch.bfloat16
    assert found.float().abs().sub(1.0).abs().max() < 0.01
