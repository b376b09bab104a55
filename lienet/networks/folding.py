"""Dense modulation blocks rewritten for inference: the same sums, in a form that runs faster.

A convolution with 16 outputs leaves half of a wide processor's arithmetic idle, and concatenations
copy. A convolution of a concatenation is a sum of convolutions of its parts; so each part goes once
through one convolution with the outputs of all layers that will read it. Exact but for rounding.
"""

from __future__ import annotations

import copy
from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import TypeVar

import torch
from torch import Tensor, nn
from torch.nn import functional

from lienet.networks.blocks import NEGATIVE_SLOPE, DenseModulationBlock
from lienet.networks.shapes import Condition, Features

_Network = TypeVar("_Network", bound=nn.Module)


class BranchedLayer(nn.Module, ABC):
    """A layer that is trained as a sum of branches, and is a single one afterwards."""

    @abstractmethod
    def collapse(self) -> nn.Module:
        """Return the single layer that gives the same."""


def collapse_branches(network: _Network) -> _Network:
    """Return a copy of a network for inference, each sum of branches as one layer."""
    return _replace(
        copy.deepcopy(network),
        lambda module: module.collapse() if isinstance(module, BranchedLayer) else module,
    )


def fold_blocks(network: _Network) -> _Network:
    """Return the same, with its dense blocks folded where that is possible."""
    return _replace(
        collapse_branches(network),
        lambda module: (
            FoldedBlock(module)
            if isinstance(module, DenseModulationBlock) and can_fold(module)
            else module
        ),
    )


def _replace(network: _Network, make: Callable[[nn.Module], nn.Module]) -> _Network:
    """Put what ``make`` returns in the place of each module within a network; return that."""
    for module in list(network.modules()):
        for name, child in list(module.named_children()):
            if (made := make(child)) is not child:
                setattr(module, name, made)
    return network


def can_fold(block: DenseModulationBlock) -> bool:
    """Whether a block has two dense convolutions, and modulates their outputs or nothing.

    With more convolutions the sums that are carried along cost what is saved.
    """
    return (
        block.dense
        and len(block.convs) == 2
        and not (block.modulations and block.modulates_concatenation)
    )


class FoldedBlock(nn.Module):
    """A dense block of two convolutions without a concatenation.

    Two sums of equal width are carried side by side: what the second convolution gets, and what the
    block gives. A 1x1 convolution of ones and zeros takes one of the two out: it costs little, and
    unlike a slice it keeps the layout in which a runtime holds features.
    """

    def __init__(self, block: DenseModulationBlock) -> None:
        super().__init__()
        first, second = (layer for layer in block.convs if isinstance(layer, nn.Conv2d))
        channels = first.out_channels
        of_second, of_fusion = second.weight, _widen(block.fusion.weight)
        if block.residual:
            of_fusion = of_fusion + _identity_of_first(channels, of_fusion)
        parts = [slice(index * channels, (index + 1) * channels) for index in range(3)]
        self.first = first
        self.from_input = _convolution(
            torch.cat((of_second[:, parts[0]], of_fusion[:, parts[0]])),
            torch.cat((_bias(second), _bias(block.fusion))),
        )
        self.from_first = _convolution(
            torch.cat((of_second[:, parts[1]], of_fusion[:, parts[1]])), None
        )
        self.from_second = _convolution(block.fusion.weight[:, parts[2]], None)
        taken = torch.eye(2 * channels)[:, :, None, None]
        self.take_second = _convolution(taken[:channels], None)
        self.take_output = _convolution(taken[channels:], None)
        self.modulations = block.modulations

    def forward(self, features: Features, condition: Condition) -> Features:
        """Map features under the AI feature map to features of the same shape."""
        output = functional.leaky_relu(self.first(features), NEGATIVE_SLOPE)
        sums = self.from_first(self._modulate(0, output, condition)) + self.from_input(features)
        output = functional.leaky_relu(self.take_second(sums), NEGATIVE_SLOPE)
        last: Features = self.from_second(self._modulate(1, output, condition))
        rest: Features = self.take_output(sums)
        return rest + last

    def _modulate(self, index: int, output: Tensor, condition: Tensor) -> Tensor:
        if not self.modulations:
            return output
        modulated: Tensor = self.modulations[index](output, condition)
        return modulated


def _convolution(weight: Tensor, bias: Tensor | None) -> nn.Conv2d:
    outputs, inputs, kernel, _ = weight.shape
    layer = nn.Conv2d(inputs, outputs, kernel, padding=kernel // 2, bias=bias is not None)
    with torch.no_grad():
        layer.weight.copy_(weight)
        if bias is not None:
            assert layer.bias is not None
            layer.bias.copy_(bias)
    return layer


def _bias(layer: nn.Conv2d) -> Tensor:
    assert layer.bias is not None
    return layer.bias


def _widen(weight: Tensor) -> Tensor:
    """Return the weights of a 1x1 convolution as those of an equal 3x3 one."""
    return functional.pad(weight, (1, 1, 1, 1)) if weight.shape[-1] == 1 else weight


def _identity_of_first(channels: int, like: Tensor) -> Tensor:
    """Return weights ``like`` others that give the first ``channels`` inputs as they are."""
    identity = torch.zeros_like(like)
    index = torch.arange(channels)
    identity[index, index, 1, 1] = 1.0
    return identity
