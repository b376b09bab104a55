"""ECBSR: a plain chain of convolutions, each trained as the sum of several branches.

Source: Zhang et al., "Edge-oriented convolution block for real-time super resolution on mobile
devices", ACM MM 2021, Figs. 2 and 3.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from lienet.networks.blocks import conv, scale_weights
from lienet.networks.folding import BranchedLayer
from lienet.networks.global_skip import make_skip, shuffle_out
from lienet.networks.light_architectures import EcbsrModel
from lienet.networks.shapes import Enlarged, Features, Images

SOBEL = ((1.0, 0.0, -1.0), (2.0, 0.0, -2.0), (1.0, 0.0, -1.0))
LAPLACIAN = ((0.0, 1.0, 0.0), (1.0, -4.0, 1.0), (0.0, 1.0, 0.0))
_EDGE_START = 1e-3
_PLAIN_GAIN, _SQUEEZE_GAIN = 0.25, 0.15
"""Of He's size at the start. The input itself is one of the branches, so what the others add is
growth from block to block: half of He's size makes features of twelve blocks so large that the
first steps of training kill the network."""
_TAIL_GAIN = 0.1


class Ecbsr(nn.Module):
    """A first block, a chain of equal ones, and one to the phases of the output; PReLU between."""

    def __init__(self, spec: EcbsrModel, scale: int) -> None:
        super().__init__()
        self.scale = scale
        width, expansion = spec.channels, spec.expansion
        layers: list[nn.Module] = [EdgeBlock(3, width, expansion), nn.PReLU(width)]
        for _ in range(spec.num_blocks):
            layers += [EdgeBlock(width, width, expansion), nn.PReLU(width)]
        self.layers = nn.Sequential(*layers)
        tail_gain = 1.0 if spec.global_skip == "none" else _TAIL_GAIN
        self.tail = EdgeBlock(width, 3 * scale**2, expansion, gain=tail_gain)
        self.skip = make_skip(spec.global_skip, scale)

    def forward(self, degraded: Images) -> Enlarged:
        """Enlarge images."""
        return shuffle_out(self.tail(self.layers(degraded)), self.skip, degraded, self.scale)


class EdgeBlock(BranchedLayer):
    """A 3x3 convolution as the sum of six branches, which :meth:`collapse` adds up.

    A 3x3 convolution; a 1x1 that expands, before a 3x3; 1x1 convolutions whose horizontal edges,
    vertical edges and Laplacian are taken with a weight for each channel; and the input itself,
    where the widths are equal. What is padded is the input, so that a branch's first bias reaches
    the border as it does in the single convolution.
    """

    def __init__(self, inputs: int, outputs: int, expansion: int, *, gain: float = 1.0) -> None:
        super().__init__()
        self.plain = scale_weights(conv(inputs, outputs), gain * _PLAIN_GAIN)
        self.expand = conv(inputs, expansion * inputs, 1)
        self.squeeze = scale_weights(conv(expansion * inputs, outputs), gain * _SQUEEZE_GAIN)
        sobel = torch.tensor(SOBEL)
        edges = torch.stack((sobel, sobel.T, torch.tensor(LAPLACIAN)))
        self.edges: Tensor
        self.register_buffer("edges", edges, persistent=False)
        self.mixes = nn.ModuleList(conv(inputs, outputs, 1) for _ in edges)
        self.edge_weights = nn.Parameter(_EDGE_START * torch.randn(len(edges), outputs))
        self.edge_biases = nn.Parameter(torch.zeros(outputs))
        self.has_identity = inputs == outputs

    def forward(self, features: Features) -> Tensor:
        """Return the sum of the branches, ``n outputs h w``."""
        padded = functional.pad(features, (1, 1, 1, 1))
        total: Tensor = self.plain(features)
        total = total + functional.conv2d(
            self.expand(padded), self.squeeze.weight, self.squeeze.bias
        )
        for mix, kernel in zip(self.mixes, self._edge_kernels(), strict=True):
            mixed = mix(padded)
            total = total + functional.conv2d(mixed, kernel, groups=mixed.shape[1])
        total = total + self.edge_biases[:, None, None]
        return total + features if self.has_identity else total

    def collapse(self) -> nn.Conv2d:
        """Return one convolution that gives the same."""
        inputs, outputs = self.plain.in_channels, self.plain.out_channels
        weight, bias = self.plain.weight + 0.0, _bias(self.plain) + self.edge_biases
        merged = _follow(self.expand, self.squeeze.weight)
        weight, bias = weight + merged[0], bias + merged[1] + _bias(self.squeeze)
        for mix, kernel in zip(self.mixes, self._edge_kernels(), strict=True):
            whole = torch.diag_embed(kernel[:, 0].permute(1, 2, 0)).permute(2, 3, 0, 1)
            assert isinstance(mix, nn.Conv2d)
            merged = _follow(mix, whole)
            weight, bias = weight + merged[0], bias + merged[1]
        if self.has_identity:
            weight = weight + nn.init.dirac_(torch.empty_like(weight))
        single = nn.Conv2d(inputs, outputs, 3, padding=1)
        with torch.no_grad():
            single.weight.copy_(weight)
            _bias(single).copy_(bias)
        return single

    def _edge_kernels(self) -> Tensor:
        """Return ``branches outputs 1 3 3``: each edge filter with its channels' weights."""
        return self.edge_weights[:, :, None, None, None] * self.edges[:, None, None]


def _follow(first: nn.Conv2d, second: Tensor) -> tuple[Tensor, Tensor]:
    """Return weight and bias of a 1x1 convolution followed by a 3x3 one without a bias."""
    weight = torch.einsum("omyx,mi->oiyx", second, first.weight[:, :, 0, 0])
    return weight, second.sum((2, 3)) @ _bias(first)


def _bias(layer: nn.Conv2d) -> Tensor:
    assert layer.bias is not None
    return layer.bias
