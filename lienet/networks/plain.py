"""A plain network at low resolution, in EDSR's form: what a light network has to beat.

Residual blocks and nothing else, with the ends of lienet's own network, so that a comparison at
equal cost tells what dense modulation is worth.
"""

from __future__ import annotations

from torch import nn
from torch.nn import functional

from lienet.networks.architectures import PlainModel
from lienet.networks.blocks import NEGATIVE_SLOPE, ResidualBlock, conv, scale_weights
from lienet.networks.global_skip import make_skip, shuffle_out
from lienet.networks.shapes import Enlarged, Images


class Plain(nn.Module):
    """A convolution, residual blocks, a convolution and a pixel-shuffle.

    Source of the form: Lim et al., "Enhanced deep residual networks for single image
    super-resolution", 2017, Fig. 3, with one shuffle for the whole scale.
    """

    def __init__(self, spec: PlainModel, scale: int) -> None:
        super().__init__()
        self.scale = scale
        self.head = conv(3, spec.channels)
        self.blocks = nn.Sequential(*(ResidualBlock(spec.channels) for _ in range(spec.num_blocks)))
        self.tail = conv(spec.channels, 3 * scale * scale)
        self.skip = make_skip(spec.global_skip, scale)
        if self.skip is not None:
            scale_weights(self.tail, 0.1)

    def forward(self, degraded: Images) -> Enlarged:
        """Enhance images."""
        features = functional.leaky_relu(self.head(degraded), NEGATIVE_SLOPE)
        return shuffle_out(self.tail(self.blocks(features)), self.skip, degraded, self.scale)
