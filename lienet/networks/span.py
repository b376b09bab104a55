"""SPAN: residual blocks that weigh themselves, without parameters for it.

Source: Wan et al., "Swift parameter-free attention network for efficient super-resolution", CVPR
workshops 2024, Figs. 2 and 3; with plain 3x3 convolutions, where the paper trains several branches.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from lienet.networks.blocks import conv
from lienet.networks.global_skip import make_skip, make_tail, shuffle_out
from lienet.networks.light_architectures import SpanModel
from lienet.networks.shapes import Enlarged, Features, Images

NUM_BLOCKS = 6


class SpanBlock(nn.Module):
    """Three convolutions; their output says by its own size how much of it and the input counts."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.convs = nn.ModuleList(conv(channels, channels) for _ in range(3))

    def forward(self, features: Features) -> tuple[Features, Features]:
        """Return the block's output, and what its first convolution gives."""
        first: Tensor = self.convs[0](features)
        hidden: Tensor = self.convs[1](functional.silu(first))
        last: Tensor = self.convs[2](functional.silu(hidden))
        return (last + features) * attend(last), first


class Span(nn.Module):
    """Six blocks; the first features and three later ones are joined before the pixel-shuffle."""

    def __init__(self, spec: SpanModel, scale: int) -> None:
        super().__init__()
        self.scale = scale
        width = spec.channels
        self.head = conv(3, width)
        self.blocks = nn.ModuleList(SpanBlock(width) for _ in range(NUM_BLOCKS))
        self.body_tail = conv(width, width)
        self.join = conv(4 * width, width, 1)
        self.tail = make_tail(width, 3 * scale**2, spec.global_skip)
        self.skip = make_skip(spec.global_skip, scale)

    def forward(self, degraded: Images) -> Enlarged:
        """Enlarge images."""
        head: Tensor = self.head(degraded)
        features, outputs, firsts = head, [], []
        for block in self.blocks:
            features, first = block(features)
            outputs.append(features)
            firsts.append(first)
        joined = torch.cat((head, self.body_tail(features), outputs[0], firsts[-1]), dim=1)
        return shuffle_out(self.tail(self.join(joined)), self.skip, degraded, self.scale)


def attend(features: Features) -> Features:
    """Return the weight of each value: an odd function, so that strong edges of both signs count.

    ``sigmoid(x) - 1/2``, eq. 5 of the paper.
    """
    return torch.sigmoid(features) - 0.5
