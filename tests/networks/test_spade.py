"""SPADE layers: hand-computed values, the start as plain normalisation; networks that have them."""

from __future__ import annotations

import math

import pytest
import torch
from torch import nn

from lienet.networks.registry import build_model
from lienet.networks.spade import (
    NormalisesWholeImage,
    Spade,
    count_spade_layers,
    measure_statistics,
)
from tests.networks.specs import enhancement_spec, lienet_spec


def count(module: nn.Module) -> int:
    return sum(parameter.numel() for parameter in module.parameters())


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


def test_a_network_says_how_many_of_its_layers_normalise_by_the_whole_image():
    guided = build_model(enhancement_spec(fold=4))
    assert isinstance(guided, NormalisesWholeImage)
    assert count_spade_layers(guided) == 2
    assert count_spade_layers(build_model(enhancement_spec(spade=False))) == 0
    assert count_spade_layers(build_model(lienet_spec())) == 0


def test_statistics_of_training_are_running_means_over_its_batches():
    layer = Spade(1, 1, factor=1, statistics="training", epsilon=0.0)
    features = torch.tensor([1.0, 3.0, 5.0, 7.0]).reshape(2, 1, 1, 2)  # mean 4, variance 5
    guide = torch.zeros(2, 1, 1, 2)
    root = math.sqrt(5.0)
    of_first = [-3 / root, -1 / root, 1 / root, 3 / root]
    assert layer(features, guide).flatten().tolist() == pytest.approx(of_first)
    # The second batch has mean 6 and variance 20; half of each: 5 and 12.5.
    second = layer(2.0 * features - 2.0, guide)
    expected = [(value - 5.0) / math.sqrt(12.5) for value in (0.0, 4.0, 8.0, 12.0)]
    assert second.flatten().tolist() == pytest.approx(expected)
    layer.eval()
    expected = [(value - 5.0) / math.sqrt(12.5) for value in (1.0, 3.0, 5.0, 7.0)]
    for _ in range(2):  # used, it takes in no more
        assert layer(features, guide).flatten().tolist() == pytest.approx(expected)


def test_epsilon_bounds_what_becomes_of_a_channel_that_is_nearly_flat():
    # Deviation 0.001, variance 1e-6: by the usual 1e-5 it grows 302 times, by 0.01 10 times.
    features = torch.tensor([[[[0.001, -0.001]]]])
    guide = torch.zeros(1, 4, 2, 4)
    for epsilon, gain in ((1e-5, 301.5), (0.01, 10.0)):
        network = build_model(enhancement_spec(spade_epsilon=epsilon))
        assert {spade.epsilon for spade in network.spade_layers} == {epsilon}
        layer = Spade(4, 1, factor=2, epsilon=epsilon)
        assert layer(features, guide)[0, 0, 0, 0].item() == pytest.approx(0.001 * gain, rel=1e-3)


def test_the_usual_epsilon_is_not_written_down():
    assert "spade_epsilon" not in enhancement_spec().model_dump()
    assert enhancement_spec(spade_epsilon=0.01).model_dump()["spade_epsilon"] == 0.01


def test_by_statistics_of_training_a_tile_is_normalised_as_its_image_is():
    network = build_model(enhancement_spec(spade_statistics="training"))
    assert count_spade_layers(network) == 0
    layer = Spade(4, 8, factor=2, statistics="training").eval()
    features, guide = torch.randn(1, 8, 6, 8), torch.randn(1, 4, 12, 16)
    tile = layer(features[..., :4], guide[..., :8])
    torch.testing.assert_close(tile, layer(features, guide)[..., :4])
