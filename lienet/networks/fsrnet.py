"""FSRNet (Chen et al., 2018), true to its paper but for width, depth and resolution.

A coarse network restores the image; from what it gives an encoder takes features, and a network of
hourglasses the prior: heat maps of eyes, nose and mouth. A decoder makes the image of both. The
paper's features have half the sides of its faces of 128 px, here a quarter of those of larger ones.
Its maps of a face's regions are left out, as nobody has drawn such for the photographs, and so is
batch normalisation.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional

from lienet.networks.auxiliary import AuxiliaryLoss
from lienet.networks.blocks import (
    NEGATIVE_SLOPE,
    ResidualBlock,
    conv,
)
from lienet.networks.global_skip import make_skip, make_tail
from lienet.networks.hourglass import Hourglass
from lienet.networks.padding import crop_to, pad_to_multiple
from lienet.networks.restoration_architectures import FsrnetModel
from lienet.networks.shapes import Images
from lienet.params.models import LANDMARK_CELL_PX, NUM_LANDMARKS

_NUM_BLOCKS = 3
"""Residual blocks of the coarse network and of the decoder."""
Maps = Float[Tensor, "batch landmarks height//4 width//4"]


class PriorNetwork(nn.Module):
    """From a coarse image to features and, by one 1x1 convolution of these, heat maps."""

    def __init__(self, channels: int, *, num_hourglasses: int, depth: int) -> None:
        super().__init__()
        half = max(1, channels // 2)
        self.features = nn.Sequential(
            conv(3, half, 7, stride=2),
            nn.LeakyReLU(NEGATIVE_SLOPE),
            conv(half, channels, stride=2),
            nn.LeakyReLU(NEGATIVE_SLOPE),
            *(Hourglass(channels, depth) for _ in range(num_hourglasses)),
        )
        self.maps = conv(channels, NUM_LANDMARKS, 1)

    def forward(self, coarse: Images) -> Float[Tensor, "batch channels height//4 width//4"]:
        """Return the features."""
        features: Tensor = self.features(coarse)
        return features


class Fsrnet(nn.Module):
    """Coarse network, encoder beside prior network, decoder.

    Sides are padded to a multiple of the hourglasses' coarsest cell, and cropped. ``global_skip``,
    which the paper lacks, is what both the coarse and the last image are added to.
    """

    def __init__(self, spec: FsrnetModel) -> None:
        super().__init__()
        narrow, wide = spec.channels, spec.feature_channels
        half = max(1, wide // 2)
        self.cell_px = LANDMARK_CELL_PX * 2**spec.hourglass_depth
        self._weights = (spec.coarse_weight, spec.prior_weight)
        self.coarse = nn.Sequential(
            conv(3, narrow),
            nn.LeakyReLU(NEGATIVE_SLOPE),
            *_blocks(narrow),
            make_tail(narrow, 3, spec.global_skip),
        )
        self.encoder = nn.Sequential(
            conv(3, half, stride=2),
            nn.LeakyReLU(NEGATIVE_SLOPE),
            conv(half, wide, stride=2),
            nn.LeakyReLU(NEGATIVE_SLOPE),
            *(ResidualBlock(wide) for _ in range(spec.num_encoder_blocks)),
        )
        self.prior = PriorNetwork(
            wide, num_hourglasses=spec.num_hourglasses, depth=spec.hourglass_depth
        )
        self.decoder = nn.Sequential(
            conv(2 * wide, wide),
            nn.LeakyReLU(NEGATIVE_SLOPE),
            _doubling(wide, half),
            nn.LeakyReLU(NEGATIVE_SLOPE),
            _doubling(half, narrow),
            nn.LeakyReLU(NEGATIVE_SLOPE),
            *_blocks(narrow),
            make_tail(narrow, 3, spec.global_skip),
        )
        self.skip = make_skip(spec.global_skip, scale=1)

    @property
    def training_parts(self) -> Sequence[nn.Module]:
        """The heat maps themselves: the decoder takes the features that they are made of."""
        return [self.prior.maps]

    def forward(self, degraded: Images) -> Images:
        """Enhance images."""
        padded = pad_to_multiple(degraded, self.cell_px)
        coarse = self.restore_coarsely(padded)
        both = torch.cat((self.encoder(coarse), self.prior(coarse)), dim=1)
        enhanced: Images = self._add_skip(self.decoder(both), padded)
        return crop_to(enhanced, degraded)

    def restore_coarsely(self, padded: Images) -> Images:
        """Return the coarse network's image, which all else sees in place of the input."""
        coarse: Images = self._add_skip(self.coarse(padded), padded)
        return coarse

    def auxiliary_losses(
        self, degraded: Images, reference: Images, maps: Maps
    ) -> dict[str, AuxiliaryLoss]:
        """Return what the coarse image lacks, and the prior loss.

        Args:
            degraded: faces, sides multiples of the coarsest cell.
            reference: what is to become of them.
            maps: heat maps of the reference's landmarks.
        """
        coarse_weight, prior_weight = self._weights
        coarse = self.restore_coarsely(degraded)
        predicted = self.prior.maps(self.prior(coarse))
        return {
            "coarse_loss": AuxiliaryLoss(
                functional.mse_loss(coarse.float(), reference), coarse_weight
            ),
            "prior_loss": AuxiliaryLoss(functional.mse_loss(predicted.float(), maps), prior_weight),
        }

    def _add_skip(self, image: Tensor, degraded: Images) -> Tensor:
        return image if self.skip is None else image + self.skip(degraded)


def _blocks(channels: int) -> list[nn.Module]:
    return [ResidualBlock(channels) for _ in range(_NUM_BLOCKS)]


def _doubling(inputs: int, outputs: int) -> nn.ConvTranspose2d:
    """Return the paper's transposed convolution, each output made of 2x2 inputs."""
    layer = nn.ConvTranspose2d(inputs, outputs, 4, stride=2, padding=1)
    nn.init.kaiming_normal_(layer.weight, a=NEGATIVE_SLOPE, mode="fan_out")
    with torch.no_grad():
        layer.weight.mul_(2.0)  # of its 16 weights for an input, an output sees four
        assert layer.bias is not None
        layer.bias.zero_()
    return layer
