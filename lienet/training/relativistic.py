"""The relativistic average GAN (Jolicoeur-Martineau, 2018; eq. 8): its two losses, and accuracy.

Everything is computed from raw scores C(x), one for each image of a batch. Eq. 8 prints
D(x, f(x)) = C(x) - E[C(f(x))] and takes its logarithm: a sigmoid is meant between, which makes
-log(D) softplus(-d) and -log(1 - D) softplus(d), for d the difference; neither can overflow.
"""

from __future__ import annotations

from jaxtyping import Float
from torch import Tensor
from torch.nn.functional import softplus

from lienet.networks.shapes import Scores


def generator_loss(real: Scores, enhanced: Scores) -> Float[Tensor, ""]:
    """Return eq. 8: ``-E[log(1 - D(x, f(x)))] - E[log D(f(x), x)]``.

    The first term reaches the generator through the mean over enhanced images, the second through
    each of them.

    Args:
        real: C of the references.
        enhanced: C of the network's outputs.
    """
    return softplus(real - enhanced.mean()).mean() + softplus(real.mean() - enhanced).mean()


def discriminator_loss(real: Scores, enhanced: Scores) -> Float[Tensor, ""]:
    """Return the mirror image: ``-E[log D(x, f(x))] - E[log(1 - D(f(x), x))]``."""
    return softplus(enhanced.mean() - real).mean() + softplus(enhanced - real.mean()).mean()


def accuracy(real: Scores, enhanced: Scores) -> Float[Tensor, ""]:
    """Return the share of images on their side of the other kind's mean score; 0.5 is a guess."""
    right = (real > enhanced.mean()).float().mean() + (enhanced < real.mean()).float().mean()
    return right / 2
