"""The paper's pixel losses on images in [0, 1]: means over everything that they are given."""

from __future__ import annotations

from jaxtyping import Float
from torch import Tensor


def mse_loss(
    enhanced: Float[Tensor, "*shape"], reference: Float[Tensor, "*shape"]
) -> Float[Tensor, ""]:
    """Return the mean squared error, what eq. 5 is named: ``mean((y - f(x))^2)``."""
    return (reference - enhanced).square().mean()


def l1_loss(
    enhanced: Float[Tensor, "*shape"], reference: Float[Tensor, "*shape"]
) -> Float[Tensor, ""]:
    """Return the mean absolute error, what eq. 5 prints: ``mean(|y - f(x)|)``."""
    return (reference - enhanced).abs().mean()
