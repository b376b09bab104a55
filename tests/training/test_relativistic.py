"""The relativistic losses against numbers worked by hand."""

from __future__ import annotations

import math

import pytest
import torch

from lienet.training.relativistic import accuracy, discriminator_loss, generator_loss

REAL = torch.tensor([1.0, 3.0])  # mean 2
ENHANCED = torch.tensor([0.0, 2.0])  # mean 1


def sigmoid(value: float) -> float:
    return 1 / (1 + math.exp(-value))


def test_generator_by_hand():
    """D(x, f(x)) = sigmoid(0), sigmoid(2); D(f(x), x) = sigmoid(-2), sigmoid(0)."""
    first = -(math.log(1 - sigmoid(0)) + math.log(1 - sigmoid(2))) / 2
    second = -(math.log(sigmoid(-2)) + math.log(sigmoid(0))) / 2
    assert first + second == pytest.approx(2.820075)
    assert generator_loss(REAL, ENHANCED).item() == pytest.approx(2.820075, abs=1e-5)


def test_discriminator_by_hand():
    """The mirror image: -E[log D(x, f(x))] - E[log(1 - D(f(x), x))]."""
    first = -(math.log(sigmoid(0)) + math.log(sigmoid(2))) / 2
    second = -(math.log(1 - sigmoid(-2)) + math.log(1 - sigmoid(0))) / 2
    assert first + second == pytest.approx(0.820075)
    assert discriminator_loss(REAL, ENHANCED).item() == pytest.approx(0.820075, abs=1e-5)


def test_each_is_the_other_with_the_parts_exchanged():
    assert generator_loss(REAL, ENHANCED) == discriminator_loss(ENHANCED, REAL)


def test_scores_that_say_nothing_cost_two_logarithms_of_two():
    same = torch.full((3,), 7.0)
    assert generator_loss(same, same).item() == pytest.approx(2 * math.log(2))


def test_gradients_reach_the_generator_through_both_terms():
    """By hand: the first term's reaches each image through the mean, the second's directly."""
    enhanced = ENHANCED.clone().requires_grad_()
    generator_loss(REAL, enhanced).backward()
    through_mean = -(sigmoid(1 - 1) + sigmoid(3 - 1)) / 2 / 2  # of mean(C(f)), shared by two
    own = [-sigmoid(2 - 0) / 2, -sigmoid(2 - 2) / 2]
    assert enhanced.grad is not None
    assert enhanced.grad.tolist() == pytest.approx([through_mean + each for each in own], abs=1e-6)


def test_neither_overflows():
    far = torch.tensor([1e4, 2e4], requires_grad=True)
    for loss in (generator_loss(far, -far), discriminator_loss(-far, far)):
        assert loss.item() == pytest.approx(6e4, rel=1e-3)
        (gradient,) = torch.autograd.grad(loss, far)
        assert gradient.isfinite().all()
    assert discriminator_loss(far, -far).item() == 0.0


@pytest.mark.parametrize(
    ("real", "enhanced", "expected"),
    [([2.0, 3.0], [0.0, 1.0], 1.0), ([0.0, 1.0], [2.0, 3.0], 0.0), ([1.0, 3.0], [0.0, 2.0], 0.5)],
)
def test_accuracy_by_hand(real, enhanced, expected):
    assert accuracy(torch.tensor(real), torch.tensor(enhanced)).item() == expected
