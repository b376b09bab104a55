"""Losses against values worked by hand and against scikit-image."""

from __future__ import annotations

import pytest
import torch
from jaxtyping import TypeCheckError
from skimage.metrics import structural_similarity

from lienet.training.losses import l1_loss, mse_loss, ssim_loss


def images(*shape: int, seed: int = 0) -> torch.Tensor:
    return torch.rand(*shape, generator=torch.Generator().manual_seed(seed))


def test_mse_and_l1_by_hand():
    enhanced = torch.tensor([0.0, 0.5, 1.0, 0.25]).reshape(1, 1, 2, 2)
    reference = torch.tensor([0.0, 1.0, 0.0, 0.5]).reshape(1, 1, 2, 2)
    assert mse_loss(enhanced, reference).item() == pytest.approx((0.25 + 1 + 0.0625) / 4)
    assert l1_loss(enhanced, reference).item() == pytest.approx((0.5 + 1 + 0.25) / 4)


def test_ssim_of_equal_images_is_one():
    image = images(2, 3, 16, 20)
    assert ssim_loss(image, image).item() == pytest.approx(0.0, abs=1e-6)


def test_ssim_of_two_constants_by_hand():
    """Without variance only luminance is left: (2ab + c1) / (a^2 + b^2 + c1)."""
    low, high = torch.full((1, 3, 12, 12), 0.2), torch.full((1, 3, 12, 12), 0.6)
    expected = (2 * 0.2 * 0.6 + 0.0001) / (0.04 + 0.36 + 0.0001)
    assert ssim_loss(low, high).item() == pytest.approx(1 - expected, abs=1e-4)


@pytest.mark.parametrize("size", [(11, 11), (32, 48)])
def test_ssim_agrees_with_scikit_image(size):
    enhanced, reference = images(1, 3, *size), images(1, 3, *size, seed=1)
    expected = structural_similarity(
        enhanced[0].permute(1, 2, 0).numpy(),
        reference[0].permute(1, 2, 0).numpy(),
        channel_axis=2,
        gaussian_weights=True,
        sigma=1.5,
        use_sample_covariance=False,
        data_range=1.0,
    )
    assert 1 - ssim_loss(enhanced, reference).item() == pytest.approx(expected, abs=1e-5)


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


def test_ssim_is_symmetric_and_bounded():
    first, second = images(1, 3, 16, 16), images(1, 3, 16, 16, seed=1)
    forward, backward = ssim_loss(first, second).item(), ssim_loss(second, first).item()
    assert forward == pytest.approx(backward, abs=1e-6)
    assert 0 < forward < 2


@pytest.mark.parametrize("loss", [mse_loss, l1_loss, ssim_loss])
def test_images_that_would_only_broadcast_are_refused_while_tests_run(loss):
    with pytest.raises(TypeCheckError):
        loss(images(2, 3, 16, 16), images(2, 1, 16, 16))
