"""RLFN's attention is a gate for each value, of pictures of any size."""

from __future__ import annotations

import pytest
import torch

from lienet.networks.rlfn import RlfnBlock, SpatialAttention


@pytest.mark.parametrize(("height", "width"), [(1, 1), (5, 8), (31, 47)])
def test_a_gate_without_weights_halves_every_value_at_any_size(height: int, width: int):
    attention = SpatialAttention(4, 2)
    with torch.no_grad():
        attention.restore.weight.zero_()
        features = torch.rand(1, 4, height, width)
        torch.testing.assert_close(attention(features), features / 2)


def test_the_gate_sees_what_lies_far_away():
    torch.manual_seed(0)
    attention = SpatialAttention(4, 4)
    features = torch.rand(1, 4, 40, 40)
    changed = features.clone()
    changed[..., :16, :16] += 5.0
    with torch.no_grad():
        difference = (attention(changed) - attention(features))[..., 24, 24]
    assert difference.abs().max() > 0


def test_a_block_is_a_sum_mixed_and_gated():
    block = RlfnBlock(2, 2)
    with torch.no_grad():
        for layer in block.convs:
            layer.weight.zero_()
        block.mix.weight.copy_(torch.eye(2)[:, :, None, None])
        block.attention.restore.weight.zero_()
        features = torch.rand(1, 2, 6, 6)
        torch.testing.assert_close(block(features), features / 2)
