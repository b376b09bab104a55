"""Convolutions are rounded to eight bits, the bicubic skip is not, and gradients pass."""

from __future__ import annotations

import sys

import pytest
import torch
from torch import Tensor, nn

from lienet.errors import ModelError, ToolError
from lienet.networks.eight_bits import make_quantiser, round_in_training
from tests.deployment.formats.phone_tools import needs

EXAMPLE = torch.rand(2, 3, 8, 8, generator=torch.Generator().manual_seed(3))


class _Net(nn.Module):
    """A convolution, one in groups as a skip is, and the last one, each shown."""

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(1)
        self.first = nn.Conv2d(3, 3, 3, padding=1)
        self.grouped = nn.Conv2d(3, 3, 3, padding=1, groups=3)
        self.last = nn.Conv2d(3, 3, 3, padding=1)

    def forward(self, images: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        return self.first(images), self.grouped(images), self.last(images)


@needs("executorch")
def test_neither_the_last_convolution_nor_one_in_groups_is_rounded():
    network = _Net()
    rounded = round_in_training(network.train(), EXAMPLE)
    for _ in range(3):  # the ranges settle
        found = rounded(EXAMPLE)
    expected = network(EXAMPLE)
    assert 0 < (found[0] - expected[0]).abs().max() < 0.05
    assert len(found[0].unique()) <= 256 < len(expected[0].unique())
    assert torch.equal(found[1], expected[1])
    assert torch.equal(found[2], expected[2])


@needs("executorch")
def test_the_weights_are_the_networks_own_and_learn():
    network = _Net()
    rounded = round_in_training(network.train(), EXAMPLE)
    assert {id(each) for each in rounded.parameters()} == {
        id(each) for each in network.parameters()
    }
    sum(each.square().mean() for each in rounded(EXAMPLE)).backward()
    assert all(each.grad is not None and each.grad.abs().max() > 0 for each in network.parameters())


@needs("executorch")
def test_a_network_that_cannot_be_traced_is_one_line():
    class Choosing(nn.Module):
        def forward(self, images: Tensor) -> Tensor:
            return images if images.mean() > 0.5 else -images

    with pytest.raises(ModelError, match=r"Choosing cannot be traced.*quantised to false"):
        round_in_training(Choosing(), EXAMPLE)


def test_a_missing_tool_is_one_line(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setitem(
        sys.modules, "executorch.backends.xnnpack.quantizer.xnnpack_quantizer", None
    )
    with pytest.raises(ToolError, match=r"eight bits need executorch.*run make mobile"):
        make_quantiser(is_training=True)
