"""The structural loss (eq. 6), with its gradient written out and laid out for processors."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
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
_IMAGES_AT_ONCE = 5
"""On a processor: 15 planes of colour fill a vector of 16, and their maps stay in its cache."""

Planes = Float[Tensor, "height width planes"]


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
    """Mean SSIM; the gradient for the first image is worked out beside it, a few images at once."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, y: Tensor) -> Tensor:
        wants_gradient = ctx.needs_input_grad[0]
        images_at_once = len(x) if x.is_cuda else _IMAGES_AT_ONCE
        gradient = torch.empty_like(x) if wants_gradient else None
        sums = []
        for begin in range(0, len(x), images_at_once):
            some = slice(begin, begin + images_at_once)
            total, by_x = _sum_ssim(_to_planes(x[some]), _to_planes(y[some]), wants_gradient)
            sums.append(total)
            if gradient is not None and by_x is not None:
                gradient[some] = by_x.reshape(*x.shape[2:], -1, x.shape[1]).permute(2, 3, 0, 1)
        num_windows = x.shape[:2].numel() * (x.shape[2] - 10) * (x.shape[3] - 10)
        if gradient is not None:
            ctx.save_for_backward(gradient)
            ctx.num_windows = num_windows
        return torch.stack(sums).sum() / num_windows

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, None]:
        (by_x,) = ctx.saved_tensors
        return by_x * (gradients[0] / ctx.num_windows), None


def _sum_ssim(x: Planes, y: Planes, wants_gradient: bool) -> tuple[Tensor, Planes | None]:
    """Return the sum of SSIM over all windows and planes, and its gradient for ``x``.

    With local means ``mx, my``, ``s`` the mean of ``x^2 + y^2`` (the variances enter as their sum
    alone) and ``m`` that of ``x y``, SSIM is ``L C``: ``L = (2 mx my + c1) / (mx^2 + my^2 + c1)``
    and ``C = (2 (m - mx my) + c2) / (s - mx^2 - my^2 + c2)``. The moments' derivatives go back
    through the transposed window.
    """
    moments = torch.stack((x, y, torch.addcmul(x * x, y, y), x * y))
    mean_x, mean_y, mean_squares, mean_xy = _blur(moments, padding=0)
    product, squares = mean_x * mean_y, torch.addcmul(mean_x * mean_x, mean_y, mean_y)
    over_l = (squares + SSIM_C1).reciprocal_()
    over_c = mean_squares.sub_(squares).add_(SSIM_C2).reciprocal_()
    top_c = mean_xy.sub_(product).mul_(2).add_(SSIM_C2)
    luminance = product.mul_(2).add_(SSIM_C1).mul_(over_l)
    by_xy = luminance.mul_(over_c)
    ssim = by_xy * top_c
    if not wants_gradient:
        return ssim.sum(), None
    by_xy.mul_(2)
    by_squares = (ssim * over_c).neg_()
    by_mean = top_c.mul_(over_l).mul_(over_c).mul_(2).sub_(by_xy).mul_(mean_y)
    by_mean.addcmul_(mean_x.mul_(ssim), over_l.sub_(over_c), value=-2)
    by_x, spread_squares, spread_xy = _blur(
        torch.stack((by_mean, by_squares, by_xy)), padding=WINDOW_TAPS - 1
    )
    return ssim.sum(), by_x.addcmul_(x, spread_squares, value=2).addcmul_(y, spread_xy)


def _to_planes(images: Float[Tensor, "batch channels height width"]) -> Planes:
    """Lay the planes of all images side by side: whole vectors, whatever the channels."""
    return images.permute(2, 3, 0, 1).flatten(2).contiguous()


def _blur(
    maps: Float[Tensor, "maps height width planes"], *, padding: int
) -> Float[Tensor, "maps height+2*{padding}-10 width+2*{padding}-10 planes"]:
    """Filter every plane by the window: valid positions, or with ``padding`` its transpose."""
    planes = maps.shape[3]
    row = _gaussian(maps.device).expand(planes, 1, 1, WINDOW_TAPS)
    with _in_full_float32():
        rows = functional.conv2d(maps.permute(0, 3, 1, 2), row, groups=planes, padding=(0, padding))
        blurred = functional.conv2d(
            rows, row.transpose(-1, -2), groups=planes, padding=(padding, 0)
        )
    return blurred.permute(0, 2, 3, 1)


@contextmanager
def _in_full_float32() -> Iterator[None]:
    """Forbid TF32 on a GPU: of its ten bits a variance, E[x^2] - mean^2, keeps none."""
    convolutions: Any = torch.backends.cudnn.conv  # type: ignore[attr-defined]
    kept = convolutions.fp32_precision
    convolutions.fp32_precision = "ieee"
    try:
        yield
    finally:
        convolutions.fp32_precision = kept


@lru_cache(maxsize=4)
def _gaussian(device: torch.device) -> Float[Tensor, " taps"]:
    """Return the window's 11 weights, which sum to 1."""
    position = torch.arange(WINDOW_TAPS, dtype=torch.float64) - WINDOW_TAPS // 2
    weights = torch.exp(-position.square() / (2 * WINDOW_SIGMA**2))
    return (weights / weights.sum()).float().to(device)
