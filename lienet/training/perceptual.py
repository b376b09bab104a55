"""The perceptual loss: images compared by what VGG19 sees in them (eq. 7)."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from jaxtyping import Float
from torch import Tensor

from lienet.networks.shapes import Images
from lienet.networks.vgg import Vgg19
from lienet.training.losses import l1_loss


def perceptual_loss(
    vgg: Vgg19,
    weights: Mapping[str, float],
    enhanced: Images,
    reference: Images,
) -> Float[Tensor, ""]:
    """Return ``sum_j w_j mean(|phi_j(y) - phi_j(f(x))|)`` over layers j (eq. 7).

    Args:
        vgg: holds every layer that ``weights`` names.
        weights: w by the name of the layer.
        enhanced: f(x); the gradient reaches it alone.
        reference: y in [0, 1].
    """
    with torch.no_grad():
        targets = vgg(reference)
    features = vgg(enhanced)
    distances = [
        weight * l1_loss(features[name].float(), targets[name].float())
        for name, weight in weights.items()
    ]
    return torch.stack(distances).sum()
