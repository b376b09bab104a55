"""Losses against values worked by hand."""

from __future__ import annotations

import pytest
import torch
from jaxtyping import TypeCheckError

from lienet.training.losses import l1_loss, mse_loss
from lienet.training.ssim import ssim_loss


def images(*shape: int, seed: int = 0) -> torch.Tensor:
    return torch.rand(*shape, generator=torch.Generator().manual_seed(seed))


def test_mse_and_l1_by_hand():
    enhanced = torch.tensor([0.0, 0.5, 1.0, 0.25]).reshape(1, 1, 2, 2)
    reference = torch.tensor([0.0, 1.0, 0.0, 0.5]).reshape(1, 1, 2, 2)
    assert mse_loss(enhanced, reference).item() == pytest.approx((0.25 + 1 + 0.0625) / 4)
    assert l1_loss(enhanced, reference).item() == pytest.approx((0.5 + 1 + 0.25) / 4)


@pytest.mark.parametrize("loss", [mse_loss, l1_loss, ssim_loss])
def test_gradient_agrees_with_finite_differences(loss):
    enhanced = images(1, 1, 12, 12).double().requires_grad_()
    reference = images(1, 1, 12, 12, seed=1).double()
    direction = images(1, 1, 12, 12, seed=2).double() - 0.5
    (slope,) = torch.autograd.grad(loss(enhanced, reference), enhanced)
    step = 1e-3
    with torch.no_grad():
        ahead = loss(enhanced + step * direction, reference)
        behind = loss(enhanced - step * direction, reference)
    measured = ((ahead - behind) / (2 * step)).item()
    assert (slope * direction).sum().item() == pytest.approx(measured, rel=2e-2)


@pytest.mark.parametrize("loss", [mse_loss, l1_loss, ssim_loss])
def test_images_that_would_only_broadcast_are_refused_while_tests_run(loss):
    with pytest.raises(TypeCheckError):
        loss(images(2, 3, 16, 16), images(2, 1, 16, 16))
