"""The objective is the weighted sum of its terms, and a term of weight zero is not computed."""

from __future__ import annotations

import pytest
import torch

from lienet.params import Objective
from lienet.training.losses import l1_loss, mse_loss, ssim_loss
from lienet.training.objectives import compute_objective

ENHANCED = torch.rand(1, 3, 16, 16, generator=torch.Generator().manual_seed(0))
REFERENCE = torch.rand(1, 3, 16, 16, generator=torch.Generator().manual_seed(1))


@pytest.mark.parametrize(("pixel", "loss"), [("mse", mse_loss), ("l1", l1_loss)])
def test_weighted_sum(pixel, loss):
    objective = Objective(
        pixel=pixel, pixel_weight=2.0, ssim_weight=0.5, perceptual=None, adversarial=None
    )
    total, terms = compute_objective(objective, ENHANCED, REFERENCE)
    expected_pixel, expected_ssim = loss(ENHANCED, REFERENCE), ssim_loss(ENHANCED, REFERENCE)
    assert terms["pixel_loss"] == expected_pixel
    assert terms["ssim_loss"] == expected_ssim
    assert total.item() == pytest.approx((2 * expected_pixel + 0.5 * expected_ssim).item())


def test_a_term_of_weight_zero_is_left_out():
    objective = Objective(
        pixel="mse", pixel_weight=1.0, ssim_weight=0.0, perceptual=None, adversarial=None
    )
    total, terms = compute_objective(objective, ENHANCED, REFERENCE)
    assert set(terms) == {"pixel_loss"}
    assert total == mse_loss(ENHANCED, REFERENCE)
