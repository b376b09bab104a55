"""Branches of an edge-oriented block add up to one convolution, border included."""

from __future__ import annotations

import pytest
import torch

from lienet.networks.ecbsr import EdgeBlock
from lienet.networks.folding import collapse_branches
from lienet.networks.registry import build_model, count_parameters
from tests.networks.specs import ecbsr_spec


def draw_all(module: torch.nn.Module) -> None:
    """Give every weight and bias a value that counts."""
    with torch.no_grad():
        for parameter in module.parameters():
            parameter.normal_(0.0, 0.5)


@pytest.mark.parametrize(("inputs", "outputs"), [(4, 4), (3, 5)])
def test_the_single_convolution_equals_the_branches_to_the_border(inputs: int, outputs: int):
    torch.manual_seed(0)
    block = EdgeBlock(inputs, outputs, expansion=2).double()
    draw_all(block)
    image = torch.rand(2, inputs, 6, 7, dtype=torch.float64)
    torch.testing.assert_close(block.collapse().double()(image), block(image), atol=1e-5, rtol=0)


def test_a_vertical_edge_is_seen_by_the_horizontal_sobel_filter_alone():
    block = EdgeBlock(1, 1, expansion=1)
    with torch.no_grad():
        for parameter in block.parameters():
            parameter.zero_()
        for mix in block.mixes:
            mix.weight.fill_(1.0)
        image = torch.tensor([[0.0, 0.0, 1.0, 1.0]]).repeat(4, 1)[None, None]
        seen = []
        for branch in range(3):
            block.edge_weights.zero_()
            block.edge_weights[branch] = 1.0
            seen.append(float((block(image) - image)[0, 0, 1, 1]))
    assert seen == [-4.0, 0.0, 1.0]  # -(1 + 2 + 1); none; the neighbour beyond the edge


def test_a_collapsed_network_gives_the_same_with_fewer_parameters_which_are_counted():
    torch.manual_seed(1)
    network = build_model(ecbsr_spec())
    collapsed = collapse_branches(network)
    image = torch.rand(1, 3, 9, 11)
    torch.testing.assert_close(collapsed(image), network(image), atol=1e-5, rtol=0)
    single = sum(each.numel() for each in collapsed.parameters())
    # 3x3 convolutions 3 -> 8, twice 8 -> 8 and 8 -> 48, with biases; PReLU of 8 channels thrice
    assert single == 224 + 2 * 584 + 3504 + 3 * 8
    assert count_parameters(network) == single
    assert sum(each.numel() for each in network.parameters()) > 2 * single
