"""The paper's losses, each on images in [0, 1]; a loss is a mean over everything it is given."""

from __future__ import annotations

from functools import lru_cache

import torch
from torch import Tensor
from torch.nn import functional

SSIM_C1 = 0.01**2
SSIM_C2 = 0.03**2
WINDOW_TAPS = 11
WINDOW_SIGMA = 1.5


def mse_loss(enhanced: Tensor, reference: Tensor) -> Tensor:
    """Return the mean squared error, what eq. 5 is named: ``mean((y - f(x))^2)``."""
    return (reference - enhanced).square().mean()


def l1_loss(enhanced: Tensor, reference: Tensor) -> Tensor:
    """Return the mean absolute error, what eq. 5 prints: ``mean(|y - f(x)|)``."""
    return (reference - enhanced).abs().mean()


def ssim_loss(enhanced: Tensor, reference: Tensor) -> Tensor:
    """Return ``1 - SSIM`` (eq. 6), averaged over pixels, channels and images.

    Local means and covariances are weighted by an 11-tap Gaussian of sigma 1.5, over windows that
    lie wholly inside the image. Variances are biased (divided by N), as in Wang et al., 2004.

    Args:
        enhanced: ``n c h w`` with h, w >= 11.
        reference: the same shape.
    """
    channels = enhanced.shape[1]
    x, y = enhanced.float(), reference.float()
    # The variances enter as their sum alone, so four moments serve. All go through one depthwise
    # filter, which on channels-last patches is several times faster than a filter for each.
    moments = torch.cat((x, y, x * x + y * y, x * y), dim=1)
    row = _gaussian(x.device).expand(4 * channels, 1, 1, WINDOW_TAPS)
    blurred = functional.conv2d(moments, row, groups=4 * channels)
    blurred = functional.conv2d(blurred, row.transpose(-1, -2), groups=4 * channels)
    mean_x, mean_y, mean_squares, mean_xy = blurred.chunk(4, dim=1)
    product = mean_x * mean_y
    squares = mean_x.square() + mean_y.square()
    luminance = (2 * product + SSIM_C1) / (squares + SSIM_C1)
    structure = (2 * (mean_xy - product) + SSIM_C2) / (mean_squares - squares + SSIM_C2)
    return 1.0 - (luminance * structure).mean()


@lru_cache(maxsize=4)
def _gaussian(device: torch.device) -> Tensor:
    """Return the window's 11 weights, which sum to 1."""
    position = torch.arange(WINDOW_TAPS, dtype=torch.float64) - WINDOW_TAPS // 2
    weights = torch.exp(-position.square() / (2 * WINDOW_SIGMA**2))
    return (weights / weights.sum()).float().to(device)
