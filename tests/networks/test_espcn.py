"""ESPCN ends in a pixel-shuffle of what three layers with tanh between them give."""

from __future__ import annotations

import math

import torch

from lienet.networks.registry import build_model, count_parameters
from tests.networks.specs import espcn_spec


def test_parameters_are_those_of_the_paper_in_colour():
    # 5x5 3 -> 64, 3x3 64 -> 32, 3x3 32 -> 48, biases included
    assert count_parameters(build_model(espcn_spec())) == 4864 + 18464 + 13872


def test_phases_are_shuffled_in_torch_s_order_and_hidden_values_squashed():
    network = build_model(espcn_spec(scale=2, channels=1, channels_2=1))
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.zero_()
        network.layers[0].bias.fill_(1.0)
        network.layers[2].weight[..., 1, 1] = 1.0
        network.tail.weight[..., 1, 1] = torch.arange(12.0)[:, None, None][..., 0]
        enhanced = network(torch.rand(1, 3, 1, 1))
    hidden = math.tanh(math.tanh(1.0))
    expected = hidden * torch.arange(12.0).reshape(1, 3, 2, 2)
    torch.testing.assert_close(enhanced, expected)
