"""Hourglasses: by hand with blocks that do nothing, their size, what they reach."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from lienet.networks.blocks import ResidualBlock
from lienet.networks.hourglass import Hourglass


def silence(hourglass: Hourglass) -> Hourglass:
    """Make each residual block the identity."""
    for module in hourglass.modules():
        if isinstance(module, ResidualBlock):
            nn.init.zeros_(module.second.weight)
    return hourglass


def test_of_identities_it_adds_the_largest_of_each_window():
    """Depth two: the largest of 2x2, and to that the largest of 4x4."""
    features = torch.arange(16.0).reshape(1, 1, 4, 4)
    pairs = torch.tensor([[5.0, 7.0], [13.0, 15.0]]).repeat_interleave(2, 0).repeat_interleave(2, 1)
    expected = features + (pairs + 15.0)
    assert torch.equal(silence(Hourglass(1, 2))(features), expected)


@pytest.mark.parametrize(("depth", "num_blocks"), [(1, 4), (2, 7), (3, 10)])
def test_each_resolution_has_three_blocks_and_the_coarsest_one_more(depth: int, num_blocks: int):
    count = sum(each.numel() for each in Hourglass(4, depth).parameters())
    assert count == num_blocks * 2 * (4 * 4 * 9 + 4)
