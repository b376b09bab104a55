"""Bringing Old Photos Back to Life (Wan et al., 2020) at a phone's size.

Two variational autoencoders, one for old photographs and one for clean ones, and a network that
maps the latents of the first to those of the second. What is left out or done otherwise than in the
paper:

- all is trained at once, not the autoencoders first and the mapping after them; the latents that
  the mapping aims at take no gradient, as where they are fixed;
- the old photographs are the synthetic ones of a step alone: none that is old in truth has a place
  in training, and so the adversary that makes both alike has none either;
- nobody says where a photograph is scratched: the mapping predicts it from its features, and learns
  that by what becomes of the image;
- residual blocks have no normalisation, and attention has a limited reach.

The form has no skip around it: what the second decoder gives for a reference's latents is the
reference, and nothing can be added to that.
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
    scale_weights,
)
from lienet.networks.padding import crop_to, pad_to_multiple
from lienet.networks.partial_nonlocal import Defects, PartialNonlocal
from lienet.networks.restoration_architectures import BopblModel
from lienet.networks.shapes import Features, Images

LATENT_CELL_PX = 4
_FEW_DEFECTS = -2.0
"""The logit that defects start around: an eighth."""
_FIRST_LOG_VARIANCE = -4.0
"""Latents start nearly certain, so that decoders have something to learn from."""
_LEAST_LOG_VARIANCE, _LARGEST_LOG_VARIANCE = -20.0, 10.0


Latents = Float[Tensor, "batch latents height//4 width//4"]
Decoded = Float[Tensor, "batch 3 height*4 width*4"]


class Encoder(nn.Module):
    """An image's latents: the mean and the logarithm of the variance of each, at 1/4 of its sides.

    A 7x7 convolution, two of stride 2, and a residual block.
    """

    def __init__(self, channels: int, latent_channels: int) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            conv(3, channels, 7),
            nn.LeakyReLU(NEGATIVE_SLOPE),
            conv(channels, 2 * channels, 4, stride=2),
            nn.LeakyReLU(NEGATIVE_SLOPE),
            conv(2 * channels, 4 * channels, 4, stride=2),
            nn.LeakyReLU(NEGATIVE_SLOPE),
            ResidualBlock(4 * channels),
        )
        self.mean = conv(4 * channels, latent_channels, 1)
        self.log_variance = scale_weights(conv(4 * channels, latent_channels, 1), 0.1)
        assert self.log_variance.bias is not None
        nn.init.constant_(self.log_variance.bias, _FIRST_LOG_VARIANCE)

    def forward(self, image: Images) -> Latents:
        """Return the means alone, what an image is enhanced by."""
        mean: Latents = self.mean(self.layers(image))
        return mean

    def describe(self, image: Images) -> tuple[Latents, Latents]:
        """Return means and log-variances."""
        features = self.layers(image)
        spread = self.log_variance(features).clamp(_LEAST_LOG_VARIANCE, _LARGEST_LOG_VARIANCE)
        return self.mean(features), spread


class Decoder(nn.Module):
    """The image of latents: a residual block, twice nearest upsampling and a convolution."""

    def __init__(self, channels: int, latent_channels: int) -> None:
        super().__init__()
        self.head = nn.Sequential(
            conv(latent_channels, 4 * channels),
            nn.LeakyReLU(NEGATIVE_SLOPE),
            ResidualBlock(4 * channels),
        )
        self.enlargements = nn.ModuleList(
            (conv(4 * channels, 2 * channels), conv(2 * channels, channels))
        )
        self.tail = conv(channels, 3, 7)

    def forward(self, latents: Features) -> Decoded:
        """Return the image, four times as high and wide."""
        features = self.head(latents)
        for layer in self.enlargements:
            enlarged = functional.interpolate(features, scale_factor=2.0, mode="nearest")
            features = functional.leaky_relu(layer(enlarged), NEGATIVE_SLOPE)
        image: Decoded = self.tail(features)
        return image


class LatentMapping(nn.Module):
    """From the latents of an old photograph to those of a clean one.

    ``(1 - m) local(F) + m global(attention(F, m))``: where it finds a position defective, by m, it
    takes what intact positions say; both branches are residual blocks (section 3.2).
    """

    def __init__(self, latent_channels: int, channels: int) -> None:
        super().__init__()
        self.head = conv(latent_channels, channels)
        self.defects = scale_weights(conv(channels, 1), 0.1)
        assert self.defects.bias is not None
        nn.init.constant_(self.defects.bias, _FEW_DEFECTS)
        self.attention = PartialNonlocal(channels)
        self.of_intact = ResidualBlock(channels)
        self.of_defective = ResidualBlock(channels)
        self.body = ResidualBlock(channels)
        self.tail = conv(channels, latent_channels)

    def forward(self, latents: Features) -> Features:
        """Map latents."""
        features = functional.leaky_relu(self.head(latents), NEGATIVE_SLOPE)
        defects = self.find_defects(features)
        filled = self.of_defective(self.attention(features, defects))
        mixed = torch.lerp(self.of_intact(features), filled, defects)
        mapped: Features = self.tail(functional.leaky_relu(self.body(mixed), NEGATIVE_SLOPE))
        return mapped

    def find_defects(self, features: Features) -> Defects:
        """Return how defective each position is."""
        return torch.sigmoid(self.defects(features))


class Bopbl(nn.Module):
    """Encode as old, map, decode as clean; sides are padded to a multiple of 4, and cropped."""

    def __init__(self, spec: BopblModel) -> None:
        super().__init__()
        self._weights = (spec.reconstruction_weight, spec.kl_weight, spec.latent_weight)
        widths = (spec.channels, spec.latent_channels)
        self.old_encoder, self.old_decoder = Encoder(*widths), Decoder(*widths)
        self.clean_encoder, self.clean_decoder = Encoder(*widths), Decoder(*widths)
        self.mapping = LatentMapping(spec.latent_channels, spec.mapping_channels)

    @property
    def training_parts(self) -> Sequence[nn.Module]:
        """What only reconstructs, and the variances of latents."""
        return [self.old_decoder, self.clean_encoder, self.old_encoder.log_variance]

    def forward(self, degraded: Images) -> Images:
        """Enhance images; nothing is drawn."""
        padded = pad_to_multiple(degraded, LATENT_CELL_PX)
        enhanced: Images = self.clean_decoder(self.mapping(self.old_encoder(padded)))
        return crop_to(enhanced, degraded)

    def auxiliary_losses(self, degraded: Images, reference: Images) -> dict[str, AuxiliaryLoss]:
        """Return what trains the autoencoders, and the distance that the mapping leaves.

        Args:
            degraded: old photographs, sides multiples of 4, as training patches' are.
            reference: the clean ones.
        """
        reconstruction_weight, kl_weight, latent_weight = self._weights
        old_mean, old_spread = self.old_encoder.describe(degraded)
        clean_mean, clean_spread = self.clean_encoder.describe(reference)
        old = self.old_decoder(draw_latents(old_mean, old_spread))
        clean = self.clean_decoder(draw_latents(clean_mean, clean_spread))
        divergence = measure_divergence(old_mean, old_spread)
        divergence = divergence + measure_divergence(clean_mean, clean_spread)
        distance = functional.l1_loss(self.mapping(old_mean), clean_mean.detach())
        return {
            "old_reconstruction_loss": AuxiliaryLoss(
                functional.l1_loss(old, degraded), reconstruction_weight
            ),
            "clean_reconstruction_loss": AuxiliaryLoss(
                functional.l1_loss(clean, reference), reconstruction_weight
            ),
            "kl_loss": AuxiliaryLoss(divergence, kl_weight),
            "latent_loss": AuxiliaryLoss(distance, latent_weight),
        }


def draw_latents(mean: Features, log_variance: Features) -> Features:
    """Draw normally distributed latents by torch's global generator, gradients going to both."""
    return mean + torch.exp(0.5 * log_variance) * torch.randn_like(mean)


def measure_divergence(mean: Features, log_variance: Features) -> Float[Tensor, ""]:
    """Return the Kullback-Leibler divergence from normal latents, a mean over their values.

    ``(mu^2 + sigma^2 - 1 - log sigma^2) / 2``; Kingma and Welling, 2014, appendix B.
    """
    mean, log_variance = mean.float(), log_variance.float()
    return 0.5 * (mean.square() + log_variance.exp() - 1.0 - log_variance).mean()
