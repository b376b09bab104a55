"""VDSR: a deep chain of convolutions that corrects the bicubic picture."""

from __future__ import annotations

from torch import Tensor, nn

from lienet.networks.blocks import conv, scale_weights
from lienet.networks.global_skip import BicubicUpsampling
from lienet.networks.light_architectures import VdsrModel
from lienet.networks.shapes import Enlarged, Images


class Vdsr(nn.Module):
    """3x3 convolutions with ReLU on the enlarged picture; the last one's output is added to it.

    The last layer starts at a tenth of its He size.

    Source: Kim et al., "Accurate image super-resolution using very deep convolutional networks",
    CVPR 2016, Fig. 1; in colour, where the paper takes luma.
    """

    def __init__(self, spec: VdsrModel, scale: int) -> None:
        super().__init__()
        self.scale = scale
        self.enlarge = BicubicUpsampling(scale)
        layers: list[nn.Module] = [conv(3, spec.channels), nn.ReLU()]
        for _ in range(spec.num_layers - 2):
            layers += [conv(spec.channels, spec.channels), nn.ReLU()]
        self.layers = nn.Sequential(*layers, scale_weights(conv(spec.channels, 3), 0.1))

    def forward(self, degraded: Images) -> Enlarged:
        """Enlarge images."""
        enlarged: Tensor = self.enlarge(degraded)
        correction: Tensor = self.layers(enlarged)
        return enlarged + correction
