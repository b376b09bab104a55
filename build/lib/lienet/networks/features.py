"""The AI feature map that a network modulates by, for looking at (Fig. 3)."""

from __future__ import annotations

from torch import Tensor, nn

from lienet.errors import ModelError
from lienet.networks.enhancement import LienetEnhancement
from lienet.networks.super_resolution import LienetSuperResolution


def extract_features(model: nn.Module, degraded: Tensor) -> Tensor:
    """Return the AI feature map of one of the paper's networks (section 2.2).

    Args:
        model: a network of the registry.
        degraded: ``n 3 h w`` in [0, 1].

    Returns:
        ``n channels h' w'``: the input's size, for the enhancement network that of its generator,
        the input's sides divided by the fold and rounded up.

    Raises:
        ModelError: the network has no self-feature extraction.
    """
    features = None
    if isinstance(model, LienetSuperResolution | LienetEnhancement):
        features = model.extract_features(degraded)
    if features is None:
        raise ModelError(
            "only a network with self-feature extraction has an AI feature map",
            got=type(model).__name__,
            remedy="choose a lienet model that modulates by its self-features",
        )
    return features
