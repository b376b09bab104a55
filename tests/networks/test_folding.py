"""Folded blocks give what the blocks give, and have no concatenation left."""

from __future__ import annotations

import pytest
import torch

from lienet.networks.blocks import DenseModulationBlock
from lienet.networks.folding import FoldedBlock, can_fold, fold_blocks
from lienet.networks.super_resolution import LienetSuperResolution
from tests.networks.specs import lienet_spec


def make_block(**changes: object) -> DenseModulationBlock:
    keys = {
        "num_convs": 2, "modulate": "output", "dense": True, "fusion_kernel": 3, "residual": True
    }  # fmt: skip
    block = DenseModulationBlock(8, **(keys | changes))  # type: ignore[arg-type]
    for parameter in block.parameters():
        torch.nn.init.normal_(parameter, std=0.2)
    return block.eval()


@pytest.mark.parametrize(
    "changes",
    [{}, {"residual": False}, {"fusion_kernel": 1}, {"modulate": "none"}],
    ids=["as it is", "no residual", "1x1 fusion", "nothing modulated"],
)
def test_folded_block_gives_the_same(changes):
    torch.manual_seed(0)
    block = make_block(**changes)
    features, condition = torch.rand(2, 1, 8, 9, 7).unbind(0)
    assert can_fold(block)
    with torch.no_grad():
        wanted, found = block(features, condition), FoldedBlock(block)(features, condition)
    torch.testing.assert_close(found, wanted, rtol=0, atol=1e-5)


@pytest.mark.parametrize(
    "changes", [{"num_convs": 3}, {"dense": False}, {"modulate": "concatenation"}]
)
def test_other_blocks_stay_as_they_are(changes):
    assert not can_fold(make_block(**changes))


def test_network_is_folded_in_a_copy():
    torch.manual_seed(0)
    network = LienetSuperResolution(lienet_spec(modulate="output", num_blocks=2), 4).eval()
    folded = fold_blocks(network)
    assert not any(isinstance(module, FoldedBlock) for module in network.modules())
    assert sum(isinstance(module, FoldedBlock) for module in folded.modules()) == 2
    degraded = torch.rand(1, 3, 12, 10)
    with torch.no_grad():
        torch.testing.assert_close(folded(degraded), network(degraded), rtol=0, atol=1e-5)
