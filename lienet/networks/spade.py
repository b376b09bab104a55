"""SPADE: normalisation guided by an image, and the protocol of networks that have such layers.

Statistics are those of all that a layer is given, or those of training. In the former case whoever
enhances an image in tiles gathers the whole image's statistics first, which the protocol makes
possible for any network.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, Protocol, runtime_checkable

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional

from lienet.networks.architectures import SPADE_EPSILON
from lienet.networks.blocks import NEGATIVE_SLOPE, Modulation, initialise
from lienet.networks.shapes import Features, Images, Statistics

_LEAST_SHARE = 0.01
"""Of one batch in the statistics of training; the first few have more."""

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


class TrainingStatistics(nn.Module):
    """Running means of each channel's mean and variance over the batches of training, in float32.

    A network normalises by them while it learns, too: by a batch's own, as batch normalisation
    does, it would learn on other statistics than it is used with. Gradients do not pass.
    """

    mean: Tensor
    variance: Tensor
    num_batches: Tensor

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.register_buffer("mean", torch.zeros(1, channels, 1, 1))
        self.register_buffer("variance", torch.ones(1, channels, 1, 1))
        self.register_buffer("num_batches", torch.zeros((), dtype=torch.long))

    def forward(self, features: Features) -> Statistics:
        """Take in a batch if the network learns; return mean and variance so far."""
        if not self.training:
            return self.mean, self.variance
        with torch.no_grad():
            variance, mean = torch.var_mean(features.float(), (0, 2, 3), correction=0, keepdim=True)
            self.num_batches += 1
            share = (1.0 / self.num_batches).clamp_min(_LEAST_SHARE)
            self.mean.lerp_(mean, share)
            self.variance.lerp_(variance, share)
        return self.mean.clone(), self.variance.clone()  # the next batch may come before gradients


class Spade(nn.Module):
    """Spatially-adaptive denormalisation (section 2.4, eq. 2-4): ``y = alpha * n(x) + beta``.

    ``n(x)`` is x less its mean, divided by the root of its variance and an epsilon, channel by
    channel, in float32 under autocast too. Alpha and beta are made from features of
    ``factor`` times the resolution: one shared convolution, whose stride brings them down and which
    sees each of them once (a space-to-depth and a 1x1 convolution in one), a leaky ReLU, then a 1x1
    convolution for each. They start at 1 and 0, so that the layer starts as plain normalisation.

    Statistics of an ``image`` are those of all that is given, image by image: of a tile, the tile's
    own, which are not its image's. Whoever works in tiles gives the image's instead. Statistics of
    ``training`` are running means over its batches, while the network learns and afterwards: the
    same for an image of any size, and for a tile of it.
    """

    def __init__(
        self,
        guide_channels: int,
        channels: int,
        *,
        factor: int,
        statistics: Literal["image", "training"] = "image",
        epsilon: float = SPADE_EPSILON,
    ) -> None:
        super().__init__()
        self.num_channels = channels
        self.factor = factor
        self.epsilon = epsilon
        self.of_training = TrainingStatistics(channels) if statistics == "training" else None
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
            statistics: mean and variance to normalise by; None takes those of ``features``, or
                of training.
        """
        measure = self.of_training or measure_statistics
        mean, variance = measure(features) if statistics is None else statistics
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
