"""ESPCN: two layers at low resolution and a pixel-shuffle."""

from __future__ import annotations

from torch import nn

from lienet.networks.blocks import conv
from lienet.networks.global_skip import make_skip, make_tail, shuffle_out
from lienet.networks.light_architectures import EspcnModel
from lienet.networks.shapes import Enlarged, Images


class Espcn(nn.Module):
    """Convolutions of 5x5 and 3x3 with tanh, one of 3x3 to the phases of the output.

    Source: Shi et al., "Real-time single image and video super-resolution using an efficient
    sub-pixel convolutional neural network", CVPR 2016, Fig. 1; in colour, where the paper takes
    luma.
    """

    def __init__(self, spec: EspcnModel, scale: int) -> None:
        super().__init__()
        self.scale = scale
        self.layers = nn.Sequential(
            conv(3, spec.channels, 5), nn.Tanh(), conv(spec.channels, spec.channels_2), nn.Tanh()
        )
        self.tail = make_tail(spec.channels_2, 3 * scale**2, spec.global_skip)
        self.skip = make_skip(spec.global_skip, scale)

    def forward(self, degraded: Images) -> Enlarged:
        """Enlarge images."""
        return shuffle_out(self.tail(self.layers(degraded)), self.skip, degraded, self.scale)
