"""The AI feature map that a network modulates by, for looking at (Fig. 3)."""

from __future__ import annotations

from typing import Protocol, runtime_checkable

from jaxtyping import Float
from torch import Tensor, nn

from lienet.errors import ModelError
from lienet.networks.shapes import Images

FeatureMap = Float[Tensor, "batch channels map_height map_width"]


@runtime_checkable
class SelfModulated(Protocol):
    """A network that can modulate by features of its own input (section 2.2)."""

    @property
    def has_feature_map(self) -> bool:
        """Whether this one does."""
        ...

    def extract_features(self, degraded: Images) -> FeatureMap:
        """Return the features of images."""
        ...


def has_feature_map(model: nn.Module) -> bool:
    """Return whether a network modulates by features of its own input."""
    return isinstance(model, SelfModulated) and model.has_feature_map


def extract_features(model: nn.Module, degraded: Images) -> FeatureMap:
    """Return the AI feature map of a network (section 2.2).

    Args:
        model: any network.
        degraded: images in [0, 1].

    Returns:
        features of the input's size, for the enhancement network that of its generator,
        the input's sides divided by the fold and rounded up.

    Raises:
        ModelError: the network has no self-feature extraction.
    """
    if not isinstance(model, SelfModulated) or not model.has_feature_map:
        raise ModelError(
            "only a network with self-feature extraction has an AI feature map",
            got=type(model).__name__,
            remedy="choose a lienet model that modulates by its self-features",
        )
    return model.extract_features(degraded)
