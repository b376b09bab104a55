"""SPADE: normalisation guided by an image, and the protocol of networks that have such layers.

Their statistics are those of all that they are given. Whoever enhances an image in tiles therefore
gathers the whole image's statistics first, which the protocol makes possible for any network.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol, runtime_checkable

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional

from lienet.networks.blocks import NEGATIVE_SLOPE, Modulation, initialise
from lienet.networks.shapes import Features, Images, Statistics

Folded = Float[Tensor, "batch channels -(-height//{self.fold}) -(-width//{self.fold})"]
"""Features at the fraction 1 / ``fold`` of an image's resolution, sides rounded up."""


def measure_statistics(features: Features) -> Statistics:
    """Return mean and variance of each image and channel (eq. 3 and 4), in float32.

    Eq. 4 is printed with the square inside the sum, the mean of ``x^2 - mu^2``; that is the mean of
    ``(x - mu)^2``, which is computed here as it loses no digits.
    """
    exact = features.float()
    mean = exact.mean((2, 3), keepdim=True)
    return mean, (exact - mean).square().mean((2, 3), keepdim=True)


Guide = Float[Tensor, "batch guide_channels height*{self.factor} width*{self.factor}"]


class Spade(nn.Module):
    """Spatially-adaptive denormalisation (section 2.4, eq. 2-4): ``y = alpha * n(x) + beta``.

    ``n(x)`` is x less its mean, divided by the root of its variance and an epsilon, image by image
    and channel by channel, in float32 under autocast too. Alpha and beta are made from features of
    ``factor`` times the resolution: one shared convolution, whose stride brings them down and which
    sees each of them once (a space-to-depth and a 1x1 convolution in one), a leaky ReLU, then a 1x1
    convolution for each. They start at 1 and 0, so that the layer starts as plain normalisation.

    Statistics are those of all that is given: of a tile, the tile's own, which are not its image's.
    Whoever works in tiles gives the image's instead.
    """

    def __init__(
        self, guide_channels: int, channels: int, *, factor: int, epsilon: float = 1e-5
    ) -> None:
        super().__init__()
        self.num_channels = channels
        self.factor = factor
        self.epsilon = epsilon
        self.shared = nn.Conv2d(guide_channels, channels, factor, stride=factor)
        initialise(self.shared)
        self.modulation = Modulation(channels, channels)

    def forward(
        self, features: Features, guide: Guide, statistics: Statistics | None = None
    ) -> Features:
        """Normalise features and modulate them by a guide.

        Args:
            features: what is normalised and modulated.
            guide: features of a higher resolution.
            statistics: mean and variance to normalise by; None takes those of ``features``.
        """
        mean, variance = measure_statistics(features) if statistics is None else statistics
        normalised = (features.float() - mean) * torch.rsqrt(variance + self.epsilon)
        condition = functional.leaky_relu(self.shared(guide), NEGATIVE_SLOPE, inplace=True)
        modulated: Features = self.modulation(normalised.to(condition.dtype), condition)
        return modulated


@runtime_checkable
class NormalisesWholeImage(Protocol):
    """A network that normalises by statistics of the whole image, and can be given them.

    A module that has these members is enhanced in tiles as if it saw the image as a whole, as a
    torch module and as an ONNX file.
    """

    fold: int
    """Input pixels for each of the features that are normalised, per side."""

    @property
    def spade_layers(self) -> Sequence[Spade]:
        """The layers that normalise, in the order in which they run; none is allowed."""
        ...

    def __call__(self, degraded: Images, statistics: Sequence[Statistics] | None = None) -> Tensor:
        """Enhance images.

        Args:
            degraded: the input.
            statistics: for each layer what it normalises by; None takes the input's own.
        """
        ...

    def features_to_normalise(self, degraded: Images, known: Sequence[Statistics]) -> Folded:
        """Return what layer number ``len(known)`` normalises, given those before it."""
        ...


def count_spade_layers(network: nn.Module) -> int:
    """Return how many layers of a network normalise by statistics of the whole image."""
    return len(network.spade_layers) if isinstance(network, NormalisesWholeImage) else 0
