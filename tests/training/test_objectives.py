"""The objective is the weighted sum of its terms, and a term of weight zero is not computed."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from lightning_fabric import Fabric

from lienet.errors import TrainingError
from lienet.params import Adversarial, Objective, Perceptual
from lienet.training.losses import l1_loss, mse_loss
from lienet.training.objectives import Criterion, compute_objective
from lienet.training.perceptual import perceptual_loss
from lienet.training.ssim import ssim_loss

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


ADVERSARIAL = Adversarial(
    weight=0.5,
    warm_up_steps=10,
    discriminator_channels=2,
    spectral_norm=False,
    learning_rate=1e-4,
    collapse_after_points=2,
)


@pytest.fixture
def criterion(tmp_path: Path) -> Criterion:
    """Every term there is; VGG19's first layer is made up."""
    generator = np.random.default_rng(0)
    weight = generator.normal(0, 0.1, (64, 3, 3, 3)).astype(np.float32)
    path = tmp_path / "vgg.npz"
    np.savez(path, **{"conv1_1.weight": weight, "conv1_1.bias": np.zeros(64, np.float32)})
    objective = Objective(
        pixel="l1",
        pixel_weight=2.0,
        ssim_weight=0.0,
        perceptual=Perceptual(weight=0.25, layers={"conv1_1": 3.0}, weights=None),
        adversarial=ADVERSARIAL,
    )
    fabric = Fabric(accelerator="cpu", devices=1)
    return Criterion(objective, ema_decay=0.9, seed=0, fabric=fabric, vgg19_path=path)


def test_every_term_has_its_weight(criterion: Criterion):
    total, terms = criterion.compute(ENHANCED, REFERENCE, opposed=criterion.is_opposed(10))
    assert list(terms) == ["pixel_loss", "perceptual_loss", "adversarial_loss"]
    assert criterion.vgg is not None
    seen = perceptual_loss(criterion.vgg, {"conv1_1": 3.0}, ENHANCED, REFERENCE)
    assert terms["perceptual_loss"] == seen
    expected = 2 * terms["pixel_loss"] + 0.25 * seen + 0.5 * terms["adversarial_loss"]
    assert total.item() == pytest.approx(expected.item())


def test_the_adversary_has_no_part_in_the_warm_up(criterion: Criterion):
    _, terms = criterion.compute(ENHANCED, REFERENCE, opposed=criterion.is_opposed(9))
    assert terms.keys() == {"pixel_loss"}
    assert criterion.adversary is not None
    averaged = criterion.adversary.average.state_dict()["head.bias"].clone()
    criterion.adversary.discriminator.head.bias.data.fill_(1.0)
    for step, is_followed in ((9, False), (10, True)):
        criterion.update_average(step)
        now = criterion.adversary.average.state_dict()["head.bias"]
        assert torch.equal(now, averaged) != is_followed


def test_without_an_adversary_there_is_no_state():
    objective = Objective(
        pixel="mse", pixel_weight=1.0, ssim_weight=0.0, perceptual=None, adversarial=None
    )
    fabric = Fabric(accelerator="cpu", devices=1)
    plain = Criterion(objective, ema_decay=0.9, seed=0, fabric=fabric)
    total, _ = plain.compute(ENHANCED, REFERENCE, opposed=plain.is_opposed(0))
    assert total == mse_loss(ENHANCED, REFERENCE)
    assert plain.state_dict() == {}
    assert not plain.is_doubtful


def test_dull_points_count_in_a_row(criterion: Criterion, tmp_path: Path):
    for spread, doubtful in ((None, False), (1e-6, True), (1.0, False), (1e-6, True)):
        criterion.watch({"discriminator_spread": spread}, step=5, state_dir=tmp_path)
        assert criterion.is_doubtful == doubtful
    with pytest.raises(TrainingError, match="collapsed at step 6"):
        criterion.watch({"discriminator_spread": 0.0}, step=6, state_dir=tmp_path)
