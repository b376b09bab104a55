"""Adam in the form of its device: the rate can be set, and moments go from one form to another."""

from __future__ import annotations

import copy

import torch
from torch import Tensor, nn

from lienet.training.optimizers import make_adam, set_rate, take_up

CPU = torch.device("cpu")


def take_steps(weight: nn.Parameter, adam: torch.optim.Adam, gradients: list[float]) -> None:
    for gradient in gradients:
        weight.grad = torch.full_like(weight, gradient)
        adam.step()


def test_a_step_is_as_long_as_the_rate_that_was_set():
    weight = nn.Parameter(torch.zeros(2))
    adam = make_adam([weight], learning_rate=1.0, device=CPU)
    set_rate(adam, 0.25)
    take_steps(weight, adam, [3.0])
    assert torch.allclose(weight, torch.tensor(-0.25))


def test_a_rate_that_lies_on_the_device_is_changed_in_place():
    rate = torch.tensor(1.0)
    adam = torch.optim.Adam([nn.Parameter(torch.zeros(2))], lr=rate, capturable=True)
    set_rate(adam, 0.25)
    assert rate.item() == 0.25


def test_moments_are_taken_up_by_an_optimizer_of_another_form():
    def begin(rate: float | Tensor, *, fused: bool) -> tuple[nn.Parameter, torch.optim.Adam]:
        weight = nn.Parameter(torch.zeros(2))
        return weight, torch.optim.Adam([weight], lr=rate, fused=fused)

    weight, unbroken = begin(0.1, fused=False)
    take_steps(weight, unbroken, [1.0, -2.0])
    again, resumed = begin(torch.tensor(0.1), fused=True)
    again.data.copy_(weight)
    take_up(resumed, copy.deepcopy(unbroken.state_dict()))
    assert resumed.param_groups[0]["fused"]
    assert isinstance(resumed.param_groups[0]["lr"], Tensor)
    take_steps(weight, unbroken, [0.5])
    take_steps(again, resumed, [0.5])
    assert torch.allclose(again, weight, atol=1e-7)
