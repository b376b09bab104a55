"""What a task minimises: a weighted sum of losses, with every term named for the log."""

from __future__ import annotations

from torch import Tensor

from lienet.params import Objective
from lienet.training.losses import l1_loss, mse_loss, ssim_loss

PIXEL_LOSSES = {"mse": mse_loss, "l1": l1_loss}


def compute_objective(
    objective: Objective, enhanced: Tensor, reference: Tensor
) -> tuple[Tensor, dict[str, Tensor]]:
    """Return the weighted sum and its unweighted terms; a term of weight zero is not computed.

    Args:
        objective: the weights, from params.
        enhanced: the network's output, ``n 3 h w``.
        reference: the target in [0, 1], ``n 3 h w``.
    """
    pixel = PIXEL_LOSSES[objective.pixel](enhanced, reference)
    total = objective.pixel_weight * pixel
    terms = {"pixel_loss": pixel.detach()}
    if objective.ssim_weight > 0:
        structural = ssim_loss(enhanced, reference)
        total = total + objective.ssim_weight * structural
        terms["ssim_loss"] = structural.detach()
    return total, terms
