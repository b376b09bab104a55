"""The paper's network for images that keep their size (Fig. 2b): faces and old photographs.

Owns how an image comes down to the generator's resolution and back, sides that are no multiple of
the fold included, and where SPADE guides the generator. The blocks themselves are in ``blocks``.
"""

from __future__ import annotations

from collections.abc import Sequence

from torch import nn
from torch.nn import functional

from lienet.networks.architectures import EnhancementModel
from lienet.networks.blocks import (
    NEGATIVE_SLOPE,
    SelfFeatureExtraction,
    conv,
    scale_weights,
)
from lienet.networks.global_skip import make_skip
from lienet.networks.padding import crop_to, pad_to_multiple
from lienet.networks.shapes import Images, Statistics
from lienet.networks.spade import Folded, Spade
from lienet.networks.super_resolution import generator_blocks

_TAIL_GAIN = 0.03
"""SPADE leaves features three times the usual variance; this starts as near the input as others."""


class LienetEnhancement(nn.Module):
    """Dense modulation blocks at a fraction of the resolution, guided by what lies above it.

    Down: a convolution, then space-to-depth by 2 and a convolution, repeated until the sides are
    ``1 / fold``. Every resolution on the way leaves its features before it is brought down, and one
    SPADE layer for each, coarsest first, adds what it makes of the generator's features to them
    before the first block: normalisation alone would lose how bright the image is, which
    restoring a faded photograph needs. So all statistics are of features with a reach of a few
    pixels, and whoever works in tiles can have the whole image's at little cost.

    Self-features are those of the input after space-to-depth: the network's own input at the
    generator's resolution, with nothing lost. Up: one convolution and a pixel-shuffle. With
    ``global_skip`` the network learns what is to be added to its input.

    Sides that are no multiple of ``fold`` are padded by repeating the last row and column, and the
    output is cropped.
    """

    def __init__(self, spec: EnhancementModel) -> None:
        super().__init__()
        width = spec.channels
        num_halvings = spec.fold.bit_length() - 1
        is_modulated = spec.modulate != "none"
        self.fold = spec.fold
        self.head = conv(3, width)
        self.reductions = nn.ModuleList(conv(4 * width, width) for _ in range(num_halvings))
        self.guides = nn.ModuleList(
            Spade(
                width,
                width,
                factor=2 ** (index + 1),
                statistics=spec.spade_statistics,
                epsilon=spec.spade_epsilon,
            )
            for index in range(num_halvings if spec.spade else 0)
        )
        folded = 3 * spec.fold**2
        self.self_features = (
            SelfFeatureExtraction(folded, width) if is_modulated and spec.self_features else None
        )
        self.condition = conv(folded, width) if is_modulated and not spec.self_features else None
        self.blocks = generator_blocks(spec)
        self.tail = conv(width, folded)
        self.skip = make_skip(spec.global_skip, scale=1)
        if self.skip is not None:
            scale_weights(self.tail, _TAIL_GAIN)

    @property
    def spade_layers(self) -> list[Spade]:
        """The layers that normalise by an image's own statistics, coarsest guide first."""
        guides = [each for each in self.guides if isinstance(each, Spade)]
        return [each for each in guides if each.of_training is None]

    @property
    def has_feature_map(self) -> bool:
        """Whether it modulates by features of its input."""
        return self.self_features is not None

    def forward(self, degraded: Images, statistics: Sequence[Statistics] | None = None) -> Images:
        """Enhance images.

        Args:
            degraded: of any height and width.
            statistics: for each SPADE layer what it normalises by; None takes the image's own.
        """
        padded = pad_to_multiple(degraded, self.fold)
        features = self._guide(padded, statistics)
        condition = self._condition(padded, features)
        for block in self.blocks:
            features = block(features, condition)
        enhanced = crop_to(functional.pixel_shuffle(self.tail(features), self.fold), degraded)
        return enhanced if self.skip is None else enhanced + self.skip(degraded)

    def features_to_normalise(self, degraded: Images, known: Sequence[Statistics]) -> Folded:
        """Return what SPADE layer number ``len(known)`` normalises, given those before it."""
        return self._guide(pad_to_multiple(degraded, self.fold), known, last=len(known))

    def extract_features(self, degraded: Images) -> Folded:
        """Return the AI features at the generator's resolution."""
        assert self.self_features is not None
        padded = pad_to_multiple(degraded, self.fold)
        features: Folded = self.self_features(functional.pixel_unshuffle(padded, self.fold))
        return features

    def _guide(
        self, padded: Images, statistics: Sequence[Statistics] | None, last: int | None = None
    ) -> Folded:
        """Bring an image down and apply the SPADE layers, all or those before number ``last``."""
        features = functional.leaky_relu(self.head(padded), NEGATIVE_SLOPE)
        finer = []
        for layer in self.reductions:
            finer.append(features)
            features = layer(functional.pixel_unshuffle(features, 2))
            features = functional.leaky_relu(features, NEGATIVE_SLOPE)
        guides = list(zip(self.guides, reversed(finer), strict=False))[:last]
        for index, (spade, guide) in enumerate(guides):
            given = None if statistics is None else statistics[index]
            features = features + spade(features, guide, given)
        return features

    def _condition(self, padded: Images, features: Folded) -> Folded:
        folded = functional.pixel_unshuffle(padded, self.fold)
        source = self.condition if self.self_features is None else self.self_features
        condition: Folded = features if source is None else source(folded)
        return condition
