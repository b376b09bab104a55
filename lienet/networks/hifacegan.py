"""HiFaceGAN's generator, true to its paper but for width, depth and how it normalises.

Source: Yang et al., "HiFaceGAN: face renovation via collaborative suppression and replenishment",
2020. Suppression brings an image down by averages whose weights follow from its content;
replenishment builds the enhanced image from the coarsest features up, guided at each resolution by
what suppression left there.

Both normalisations of the paper are kept in a form that a tile does not change: the features that
are modulated by the batches of training, as in SPADE's own paper, and the scores of suppression in
a window around each pixel in place of the whole image, as Chu et al., "Improving image restoration
by revisiting global information aggregation", 2022, do. Spectral norms, the noise map and the
paper's discriminators are left out.
"""

from __future__ import annotations

import itertools

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional

from lienet.networks.blocks import NEGATIVE_SLOPE, Modulation, conv, scale_weights
from lienet.networks.global_skip import make_skip, make_tail
from lienet.networks.padding import crop_to, pad_to_multiple
from lienet.networks.restoration_architectures import HifaceganModel
from lienet.networks.shapes import Condition, Features, Images

MAX_EXPONENT = 11.0
"""The largest whose exponential half precision holds: exp(11) is 59,874, its limit 65,504."""
WINDOW_PX = 17
"""Side of the window in which scores are normalised, at their own resolution."""


Halved = Float[Tensor, "batch channels height//2 width//2"]
Refined = Float[Tensor, "batch outputs height width"]


def normalise_in_window(features: Features, *, side_px: int, epsilon: float = 1e-5) -> Features:
    """Subtract each channel's mean around a pixel, and divide by the deviation around it.

    Instance normalisation with the statistics of a square window in place of the image's. Cut off
    at borders, the window holds only pixels of the image. In float32 under autocast too.

    Args:
        features: ``n c h w``.
        side_px: of the window, odd.
        epsilon: added to the variance.
    """
    exact = features.float()
    centred = exact - _average_window(exact, side_px)
    variance = _average_window(centred.square(), side_px)
    return (centred * torch.rsqrt(variance + epsilon)).to(features.dtype)


def _average_window(features: Features, side_px: int) -> Features:
    """Return the mean of the square window around each pixel, along one axis after the other."""
    half = side_px // 2
    for kernel, padding in (((side_px, 1), (half, 0)), ((1, side_px), (0, half))):
        features = functional.avg_pool2d(features, kernel, 1, padding, count_include_pad=False)
    return features


class Suppression(nn.Module):
    """Downsampling by 2: a weighted mean of each window of 2x2, its weights by content.

    ``y = sum(exp(s) x) / sum(exp(s))`` with ``s`` between 0 and ``MAX_EXPONENT``, a sigmoid of a
    convolution of the features, normalised, scaled and shifted channel by channel. What is noise in
    a window can so be left out, and an edge kept. It starts with weights that differ little.
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.score = conv(channels, channels)
        self.gain = nn.Parameter(torch.full((channels, 1, 1), 0.1))
        self.shift = nn.Parameter(torch.zeros(channels, 1, 1))

    def forward(self, features: Features) -> Halved:
        """Bring features down to half their sides, which are even."""
        weight = torch.exp(self.exponent(features))
        total: Halved = functional.avg_pool2d(weight * features, 2)
        return total / functional.avg_pool2d(weight, 2)

    def exponent(self, features: Features) -> Features:
        """Return the scores less half of ``MAX_EXPONENT``.

        The mean stays as it is, and exponentials lie between 1/245 and 245, with room for sums.
        """
        score = normalise_in_window(self.score(features), side_px=WINDOW_PX)
        return MAX_EXPONENT * (torch.sigmoid(self.gain * score + self.shift) - 0.5)


class GuidedNormalisation(nn.Module):
    """SPADE (Park et al., 2019, eq. 1 to 3) at the guide's own resolution.

    Features are normalised by batch statistics and modulated by two convolutions of what one
    convolution makes of the guide. It starts as plain normalisation.
    """

    def __init__(self, guide_channels: int, channels: int) -> None:
        super().__init__()
        hidden = max(1, guide_channels // 2)
        self.normalise = nn.BatchNorm2d(channels, affine=False)
        self.shared = conv(guide_channels, hidden)
        self.modulation = Modulation(hidden, channels, kernel=3)

    def forward(self, features: Features, guide: Condition) -> Features:
        """Normalise features and modulate them by a guide of the same size."""
        condition = functional.leaky_relu(self.shared(guide), NEGATIVE_SLOPE, inplace=True)
        modulated: Features = self.modulation(self.normalise(features), condition)
        return modulated


class GuidedResidualBlock(nn.Module):
    """SPADE's residual block (Park et al., Fig. 4): twice normalise, activate, convolve; sum.

    Where it narrows the features, so does a guided normalisation and 1x1 convolution beside.
    """

    def __init__(self, guide_channels: int, inputs: int, outputs: int) -> None:
        super().__init__()
        self.norms = nn.ModuleList(
            GuidedNormalisation(guide_channels, width) for width in (inputs, outputs)
        )
        self.convs = nn.ModuleList(
            (conv(inputs, outputs), scale_weights(conv(outputs, outputs), 0.1))
        )
        is_narrower = inputs != outputs
        self.shortcut_norm = GuidedNormalisation(guide_channels, inputs) if is_narrower else None
        self.shortcut = conv(inputs, outputs, 1) if is_narrower else None

    def forward(self, features: Features, guide: Condition) -> Refined:
        """Refine features under a guide of the same size."""
        hidden = features
        for norm, layer in zip(self.norms, self.convs, strict=True):
            hidden = layer(functional.leaky_relu(norm(hidden, guide), NEGATIVE_SLOPE))
        if self.shortcut_norm is None or self.shortcut is None:
            return features + hidden
        beside: Refined = self.shortcut(self.shortcut_norm(features, guide))
        return beside + hidden


class Hifacegan(nn.Module):
    """Suppression at several resolutions, then replenishment from the coarsest to the finest.

    Sides that are no multiple of the coarsest cell are padded by repeating the last row and column,
    and the output is cropped. ``global_skip``, which its paper lacks, adds the input.
    """

    def __init__(self, spec: HifaceganModel) -> None:
        super().__init__()
        widths = [spec.channels * 2**index for index in range(spec.num_halvings + 1)]
        self.cell_px = 2**spec.num_halvings
        self.head = conv(3, widths[0])
        self.suppressions = nn.ModuleList(Suppression(width) for width in widths[:-1])
        self.encoders = nn.ModuleList(itertools.starmap(conv, itertools.pairwise(widths)))
        upward = widths[::-1]
        self.blocks = nn.ModuleList(
            GuidedResidualBlock(width, coarser, width)
            for coarser, width in zip([upward[0], *upward], upward, strict=False)
        )
        self.tail = make_tail(widths[0], 3, spec.global_skip)
        self.skip = make_skip(spec.global_skip, scale=1)

    def forward(self, degraded: Images) -> Images:
        """Enhance images."""
        guides = self._suppress(pad_to_multiple(degraded, self.cell_px))
        features = guides[-1]
        for index, (block, guide) in enumerate(zip(self.blocks, reversed(guides), strict=True)):
            if index:
                features = functional.interpolate(features, scale_factor=2.0, mode="nearest")
            features = block(features, guide)
        enhanced = self.tail(functional.leaky_relu(features, NEGATIVE_SLOPE))
        enhanced = crop_to(enhanced, degraded)
        return enhanced if self.skip is None else enhanced + self.skip(degraded)

    def _suppress(self, padded: Images) -> list[Tensor]:
        """Return the features of each resolution, the finest first."""
        guides = [functional.leaky_relu(self.head(padded), NEGATIVE_SLOPE)]
        for suppression, encoder in zip(self.suppressions, self.encoders, strict=True):
            features = encoder(suppression(guides[-1]))
            guides.append(functional.leaky_relu(features, NEGATIVE_SLOPE))
        return guides
