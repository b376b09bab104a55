"""FSRNet: what sees the coarse image, losses by hand, what each of them trains."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from lienet.networks.fsrnet import Fsrnet
from lienet.networks.registry import count_parameters
from tests.networks.specs import fsrnet_spec


def make_network(**changes: object) -> Fsrnet:
    torch.manual_seed(0)
    return Fsrnet(fsrnet_spec(**changes))


@pytest.mark.parametrize("skip", ["none", "bicubic"])
@pytest.mark.parametrize("size", [(8, 8), (9, 13), (1, 30)])
def test_output_has_the_size_of_the_input(skip: str, size: tuple[int, int]):
    model = make_network(global_skip=skip)
    assert model(torch.rand(2, 3, *size)).shape == (2, 3, *size)


def test_the_decoder_sees_the_coarse_image_alone():
    """With a coarse network that gives an even grey, nothing of the input is left."""
    model = make_network()
    nn.init.zeros_(model.coarse[-1].weight)
    nn.init.constant_(model.coarse[-1].bias, 0.5)
    first, second = torch.rand(2, 1, 3, 16, 16).unbind()
    assert torch.equal(model(first), model(second))


def test_with_a_skip_it_starts_near_its_input():
    degraded = torch.rand(2, 3, 24, 32)
    change = make_network(global_skip="bicubic")(degraded) - degraded
    assert 0.0 < change.abs().mean().item() < 0.2


def test_losses_by_hand():
    """Coarse images of 0.5 against a reference of 0.25; maps of 0.3 against targets of 0.1."""
    model = make_network(coarse_weight=2.0, prior_weight=3.0)
    for layer, value in ((model.coarse[-1], 0.5), (model.prior.maps, 0.3)):
        nn.init.zeros_(layer.weight)
        nn.init.constant_(layer.bias, value)
    reference, maps = torch.full((2, 3, 16, 16), 0.25), torch.full((2, 5, 4, 4), 0.1)
    losses = model.auxiliary_losses(torch.rand(2, 3, 16, 16), reference, maps)
    assert losses["coarse_loss"].value.item() == pytest.approx(0.0625)
    assert losses["prior_loss"].value.item() == pytest.approx(0.04)
    assert [loss.weight for loss in losses.values()] == [2.0, 3.0]


@pytest.mark.parametrize(
    ("name", "parts"),
    [("coarse_loss", {"coarse"}), ("prior_loss", {"coarse", "prior"})],
)
def test_each_loss_trains_its_parts_alone(name: str, parts: set[str]):
    model = make_network()
    degraded, reference = torch.rand(2, 1, 3, 16, 16).unbind()
    model.auxiliary_losses(degraded, reference, torch.rand(1, 5, 4, 4))[name].value.backward()
    learning = (key for key, each in model.named_parameters() if each.grad is not None)
    assert {key.partition(".")[0] for key in learning} == parts


def test_the_output_trains_all_but_the_maps_which_are_not_counted():
    model = make_network()
    model(torch.rand(1, 3, 16, 16)).square().mean().backward()
    without = [key for key, each in model.named_parameters() if each.grad is None]
    assert without == ["prior.maps.weight", "prior.maps.bias"]
    everything = sum(each.numel() for each in model.parameters())
    assert everything - count_parameters(model) == 8 * 5 + 5


def test_tiles_are_in_phase_with_one_halving():
    assert make_network().cell_px == 8
