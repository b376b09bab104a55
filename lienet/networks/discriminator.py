"""The discriminator of adversarial training: VGG-style, one raw score for each image."""

from __future__ import annotations

import torch
from torch import nn
from torch.nn.utils.parametrizations import spectral_norm

from lienet.networks.blocks import initialise
from lienet.networks.shapes import Images, Scores

NEGATIVE_SLOPE = 0.2
"""LeakyReLU's slope in the discriminators of SRGAN and ESRGAN."""
_WIDTHS = (1, 2, 4, 8)


class Discriminator(nn.Module):
    """C(x) of eq. 8: pairs of 3x3 convolutions, the second of each halving the sides.

    The width doubles from pair to pair, up to eightfold. After SRGAN's discriminator, but without
    batch normalisation, so that an image's score does not hang on its neighbours in the batch, and
    with an average over positions before the head, so that it takes patches of any size.

    Args:
        channels: width of the first pair.
        has_spectral_norm: divide every weight by its largest singular value (Miyato et al., 2018).
    """

    def __init__(self, channels: int, *, has_spectral_norm: bool = False) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        inputs = 3
        for width in _WIDTHS:
            for stride in (1, 2):
                layers.append(_conv(inputs, width * channels, stride))
                layers.append(nn.LeakyReLU(NEGATIVE_SLOPE, inplace=True))
                inputs = width * channels
        self.features = nn.Sequential(*layers)
        self.head = nn.Linear(inputs, 1)
        if has_spectral_norm:
            for layer in [*self.features, self.head]:
                if isinstance(layer, nn.Conv2d | nn.Linear):
                    spectral_norm(layer)

    def forward(self, images: Images) -> Scores:
        """Return unbounded scores; the larger, the more like a reference.

        The head works in float32 also under autocast: the losses live on differences of scores.
        """
        features = self.features(images)
        with torch.autocast(images.device.type, enabled=False):
            pooled = features.float().mean(dim=(2, 3))
            scores: Scores = self.head(pooled).squeeze(1)
        return scores


def _conv(inputs: int, outputs: int, stride: int) -> nn.Conv2d:
    layer = nn.Conv2d(inputs, outputs, 3, stride=stride, padding=1)
    initialise(layer, slope=NEGATIVE_SLOPE)
    return layer
