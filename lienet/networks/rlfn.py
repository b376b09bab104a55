"""RLFN: residual local feature blocks with enhanced spatial attention.

Source: Kong et al., "Residual local feature network for efficient super-resolution", CVPR workshops
2022, Figs. 2 and 3; the attention is of Liu et al., "Residual feature aggregation network", 2020.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from lienet.networks.blocks import conv, scale_weights
from lienet.networks.global_skip import make_skip, make_tail, shuffle_out
from lienet.networks.light_architectures import RlfnModel
from lienet.networks.shapes import Enlarged, Features, Images

SLOPE = 0.05


class SpatialAttention(nn.Module):
    """ESA: a gate for each value from few channels at a sixth of the resolution.

    The strided convolution and the pooling are padded, so that a picture of any size passes.
    """

    def __init__(self, channels: int, attention_channels: int) -> None:
        super().__init__()
        self.reduce = conv(channels, attention_channels, 1)
        self.stride = conv(attention_channels, attention_channels, stride=2)
        self.middle = conv(attention_channels, attention_channels)
        self.across = conv(attention_channels, attention_channels, 1)
        self.restore = conv(attention_channels, channels, 1)

    def forward(self, features: Features) -> Features:
        """Return the features, each multiplied by its gate."""
        reduced: Tensor = self.reduce(features)
        pooled = functional.max_pool2d(self.stride(reduced), 7, stride=3, padding=3)
        size = features.shape[-2:]
        coarse = functional.interpolate(self.middle(pooled), size, mode="bilinear")
        return features * torch.sigmoid(self.restore(coarse + self.across(reduced)))


class RlfnBlock(nn.Module):
    """Three convolutions with leaky ReLU, a sum, a 1x1 convolution and the attention."""

    def __init__(self, channels: int, attention_channels: int) -> None:
        super().__init__()
        gains = (1.0, 1.0, 0.1)
        self.convs = nn.ModuleList(scale_weights(conv(channels, channels), g) for g in gains)
        self.mix = conv(channels, channels, 1)
        self.attention = SpatialAttention(channels, attention_channels)

    def forward(self, features: Features) -> Features:
        """Map features to features of the same shape."""
        hidden: Tensor = features
        for layer in self.convs:
            hidden = functional.leaky_relu(layer(hidden), SLOPE)
        refined: Features = self.attention(self.mix(hidden + features))
        return refined


class Rlfn(nn.Module):
    """A convolution, blocks, a convolution, a sum with the first features and a pixel-shuffle."""

    def __init__(self, spec: RlfnModel, scale: int) -> None:
        super().__init__()
        self.scale = scale
        width = spec.channels
        self.head = conv(3, width)
        self.blocks = nn.Sequential(
            *(RlfnBlock(width, spec.attention_channels) for _ in range(spec.num_blocks))
        )
        self.body_tail = conv(width, width)
        self.tail = make_tail(width, 3 * scale**2, spec.global_skip)
        self.skip = make_skip(spec.global_skip, scale)

    def forward(self, degraded: Images) -> Enlarged:
        """Enlarge images."""
        head: Tensor = self.head(degraded)
        features = head + self.body_tail(self.blocks(head))
        return shuffle_out(self.tail(features), self.skip, degraded, self.scale)
