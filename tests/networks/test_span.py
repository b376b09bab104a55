"""SPAN weighs features by an odd function of themselves."""

from __future__ import annotations

import math

import torch

from lienet.networks.span import SpanBlock, attend


def test_weights_are_odd_and_at_most_a_half():
    found = attend(torch.tensor([[[[-math.log(3.0), 0.0, math.log(3.0), 50.0]]]]))
    torch.testing.assert_close(found.flatten(), torch.tensor([-0.25, 0.0, 0.25, 0.5]))


def test_a_block_whose_last_layer_is_a_constant_scales_the_sum():
    block = SpanBlock(1)
    with torch.no_grad():
        for layer in block.convs:
            layer.weight.zero_()
            layer.bias.zero_()
        block.convs[0].bias.fill_(7.0)
        block.convs[2].bias.fill_(math.log(3.0))
        features = torch.full((1, 1, 3, 3), 2.0)
        output, first = block(features)
    assert torch.equal(first, torch.full((1, 1, 3, 3), 7.0))
    torch.testing.assert_close(output, torch.full((1, 1, 3, 3), 0.25 * (2.0 + math.log(3.0))))
