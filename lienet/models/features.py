"""The AI feature map that a network modulates by, for looking at (Fig. 3)."""

from __future__ import annotations

from torch import Tensor, nn

from lienet.errors import ModelError
from lienet.models.lienet import LienetSuperResolution


def extract_features(model: nn.Module, degraded: Tensor) -> Tensor:
    """Return the AI feature map of one of the paper's networks (section 2.2).

    Args:
        model: a network of the registry.
        degraded: ``n 3 h w`` in [0, 1].

    Returns:
        ``n channels h' w'``.

    Raises:
        ModelError: the network has no self-feature extraction.
    """
    if not isinstance(model, LienetSuperResolution) or model.self_features is None:
        raise ModelError(
            "only a network with self-feature extraction has an AI feature map",
            got=type(model).__name__,
            remedy="choose a lienet model that modulates by its self-features",
        )
    features: Tensor = model.self_features(degraded)
    return features
