"""The adversary learns to tell, judges without learning, and goes on where it stopped."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from lightning_fabric import Fabric
from torch import Tensor, nn

from lienet.params import Adversarial
from lienet.training.adversarial import Adversary, measure_gradient


@pytest.fixture(scope="module")
def fabric() -> Fabric:
    torch.set_num_threads(1)
    return Fabric(accelerator="cpu", devices=1)


def make_adversary(fabric: Fabric, **changes: Any) -> Adversary:
    base = {
        "weight": 0.1,
        "warm_up_steps": 3,
        "discriminator_channels": 4,
        "spectral_norm": False,
        "learning_rate": 2e-3,
        "collapse_after_points": 2,
    }
    params = Adversarial.model_validate(base | changes)
    return Adversary(params, ema_decay=0.9, seed=1, fabric=fabric)


def batch(step: int) -> tuple[Tensor, Tensor]:
    """Blurred and sharp noise."""
    generator = torch.Generator().manual_seed(step)
    sharp = torch.rand(4, 3, 32, 32, generator=generator)
    return nn.functional.avg_pool2d(sharp, 3, stride=1, padding=1), sharp


def teach(adversary: Adversary, steps: range, *, halving: float = 1.0) -> list[dict[str, Any]]:
    told = []
    for step in steps:
        adversary.set_halving(halving)
        told.append(adversary.learn(*batch(step)))
        adversary.update_average(step)
    return told


def test_learns_to_tell_blurred_from_sharp(fabric: Fabric):
    told = teach(make_adversary(fabric), range(3, 43))
    assert told[-1]["discriminator_loss"] < 0.2 * told[0]["discriminator_loss"]
    assert told[-1]["discriminator_accuracy"] == 1.0
    assert told[-1]["discriminator_spread"] > told[0]["discriminator_spread"]


def test_judging_changes_nothing_and_reaches_the_network_alone(fabric: Fabric):
    adversary = make_adversary(fabric, spectral_norm=True)
    before = {name: value.clone() for name, value in adversary.discriminator.state_dict().items()}
    enhanced, reference = batch(0)
    enhanced.requires_grad_()
    adversary.oppose(enhanced, reference).backward()
    assert enhanced.grad is not None
    assert enhanced.grad.abs().sum() > 0
    assert all(each.grad is None for each in adversary.discriminator.parameters())
    assert all(each.requires_grad for each in adversary.discriminator.parameters())
    for name, value in adversary.discriminator.state_dict().items():
        assert torch.equal(value, before[name]), name


def test_the_first_weights_follow_from_the_seed_alone(fabric: Fabric):
    torch.manual_seed(7)
    first = make_adversary(fabric).discriminator.state_dict()
    drawn = torch.rand(1)
    torch.manual_seed(7)
    assert torch.equal(torch.rand(1), drawn)  # the network's own draws are not disturbed
    second = make_adversary(fabric).discriminator.state_dict()
    assert all(torch.equal(first[name], second[name]) for name in first)


def test_goes_on_where_it_stopped(fabric: Fabric, tmp_path: Path):
    unbroken = make_adversary(fabric, spectral_norm=True)
    teach(unbroken, range(3, 9))
    first = make_adversary(fabric, spectral_norm=True)
    teach(first, range(3, 6))
    first.watch(0.0, step=5, state_dir=tmp_path)
    second = make_adversary(fabric, spectral_norm=True)
    second.load_state_dict(first.state_dict())
    assert second.is_doubtful
    teach(second, range(6, 9))
    for name in ("discriminator", "average"):
        expected, found = unbroken.state_dict()[name], second.state_dict()[name]
        assert all(torch.equal(expected[key], found[key]) for key in expected), name


def test_its_rate_is_halved_with_the_networks(fabric: Fabric):
    adversary = make_adversary(fabric)
    teach(adversary, range(3, 4), halving=0.25)
    assert adversary.state_dict()["optimizer"]["param_groups"][0]["lr"] == 2e-3 * 0.25


def test_begins_after_the_warm_up(fabric: Fabric):
    assert [make_adversary(fabric).has_begun(step) for step in (0, 2, 3)] == [False, False, True]


def test_gradient_norm_by_hand():
    model = nn.Linear(2, 1)
    model.weight.grad = torch.tensor([[3.0, 0.0]])
    model.bias.grad = torch.tensor([4.0])
    assert measure_gradient(model).item() == 5.0
