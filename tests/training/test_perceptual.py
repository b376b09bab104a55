"""Eq. 7 against its formula; zero on equal images; unaffected by training."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from lienet.networks.vgg import Vgg19
from lienet.training.perceptual import perceptual_loss

WEIGHTS = {"conv1_1": 0.5, "conv1_2": 2.0}


@pytest.fixture(scope="module")
def vgg(tmp_path_factory: pytest.TempPathFactory) -> Vgg19:
    generator = np.random.default_rng(0)
    path = tmp_path_factory.mktemp("vgg") / "vgg.npz"
    arrays = {}
    for name, inputs in (("conv1_1", 3), ("conv1_2", 64)):
        arrays[f"{name}.weight"] = generator.normal(0, 0.1, (64, inputs, 3, 3)).astype(np.float32)
        arrays[f"{name}.bias"] = generator.normal(0, 1, 64).astype(np.float32)
    np.savez(path, **arrays)
    return Vgg19(path, WEIGHTS)


def images(seed: int) -> torch.Tensor:
    return torch.rand(2, 3, 16, 16, generator=torch.Generator().manual_seed(seed))


def test_weighted_mean_of_absolute_differences(vgg: Vgg19):
    first, second = vgg(images(0)), vgg(images(1))
    expected = sum(
        weight * (first[name] - second[name]).abs().double().mean().item()
        for name, weight in WEIGHTS.items()
    )
    found = perceptual_loss(vgg, WEIGHTS, images(0), images(1)).item()
    assert found == pytest.approx(expected, rel=1e-5)
    assert found > 0.01


def test_zero_on_equal_images(vgg: Vgg19):
    assert perceptual_loss(vgg, WEIGHTS, images(0), images(0)).item() == 0.0


def test_unaffected_by_training(vgg: Vgg19):
    before = perceptual_loss(vgg, WEIGHTS, images(0), images(1)).item()
    enhanced = images(0).requires_grad_()
    optimizer = torch.optim.Adam([enhanced, *vgg.parameters()], lr=0.05)
    for _ in range(5):
        optimizer.zero_grad()
        loss = perceptual_loss(vgg.train(), WEIGHTS, enhanced, images(1))
        loss.backward()
        optimizer.step()
    assert loss.item() < before  # images were pulled together,
    assert perceptual_loss(vgg, WEIGHTS, images(0), images(1)).item() == before  # VGG19 was not


def test_the_gradient_reaches_the_enhanced_image_alone(vgg: Vgg19):
    enhanced, reference = images(0).requires_grad_(), images(1).requires_grad_()
    perceptual_loss(vgg, WEIGHTS, enhanced, reference).backward()
    assert enhanced.grad is not None
    assert enhanced.grad.abs().sum() > 0
    assert reference.grad is None
