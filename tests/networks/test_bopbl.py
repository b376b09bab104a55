"""Bringing Old Photos Back to Life: losses by hand, what is drawn, and what each loss trains."""

from __future__ import annotations

import math

import pytest
import torch
from torch import nn
from torch.nn import functional

from lienet.networks.bopbl import Bopbl, LatentMapping, draw_latents, measure_divergence
from lienet.networks.registry import count_parameters
from tests.networks.specs import bopbl_spec

LOSSES = ["old_reconstruction_loss", "clean_reconstruction_loss", "kl_loss", "latent_loss"]


def make_network(**changes: object) -> Bopbl:
    torch.manual_seed(0)
    return Bopbl(bopbl_spec(**changes))


def test_divergence_by_hand():
    """(mu^2 + sigma^2 - 1 - log sigma^2) / 2: 0 for normal latents, 2 and (1 - ln 2) / 2."""
    mean = torch.tensor([0.0, 2.0, 0.0]).reshape(1, 3, 1, 1)
    log_variance = torch.tensor([0.0, 0.0, math.log(2.0)]).reshape(1, 3, 1, 1)
    expected = (0.0 + 2.0 + (1.0 - math.log(2.0)) / 2) / 3
    assert measure_divergence(mean, log_variance).item() == pytest.approx(expected)


def test_latents_have_the_mean_and_the_deviation_that_they_are_drawn_by():
    torch.manual_seed(0)
    drawn = draw_latents(torch.full((1, 1, 200, 200), 3.0), torch.full((1, 1, 200, 200), 4.0).log())
    assert drawn.mean().item() == pytest.approx(3.0, abs=0.05)
    assert drawn.std().item() == pytest.approx(2.0, abs=0.05)


def test_a_mapping_mixes_both_branches_by_the_defects():
    """The local branch passes features on, the other adds to what attention finds, here nothing."""
    mapping = LatentMapping(4, 8)
    with torch.no_grad():
        for block in (mapping.of_intact, mapping.of_defective, mapping.body):
            block.second.weight.zero_()
        mapping.attention.output.weight.zero_()
        mapping.attention.output.bias.fill_(1.0)
        mapping.of_intact.second.bias.fill_(2.0)
        mapping.defects.weight.zero_()
        mapping.defects.bias.fill_(math.log(1.0 / 3.0))  # a sigmoid of 1/4
    latents = torch.rand(1, 4, 3, 3)
    features = functional.leaky_relu(mapping.head(latents), 0.1)
    mixed = 0.75 * (features + 2.0) + 0.25 * 1.0
    expected = mapping.tail(functional.leaky_relu(mixed, 0.1))
    assert torch.allclose(mapping(latents), expected, atol=1e-5)


@pytest.mark.parametrize("size", [(8, 8), (9, 13), (1, 30)])
def test_output_has_the_size_of_the_input_and_nothing_is_drawn(size: tuple[int, int]):
    model, degraded = make_network(), torch.rand(2, 3, *size)
    first = model(degraded)
    assert first.shape == degraded.shape
    assert torch.equal(model(degraded), first)


def test_losses_by_hand():
    model = make_network(reconstruction_weight=2.0, kl_weight=0.5, latent_weight=3.0)
    degraded, reference = torch.rand(2, 2, 3, 16, 16).unbind()
    with torch.no_grad():
        for encoder in (model.old_encoder, model.clean_encoder):
            encoder.log_variance.weight.zero_()
            encoder.log_variance.bias.fill_(-60.0)  # held at -20: all but certain
        losses = model.auxiliary_losses(degraded, reference)
        old, clean = model.old_encoder(degraded), model.clean_encoder(reference)
        expected = [
            (model.old_decoder(old) - degraded).abs().mean().item(),
            (model.clean_decoder(clean) - reference).abs().mean().item(),
            old.square().mean().item() / 2 + clean.square().mean().item() / 2 + 19.0,
            (model.mapping(old) - clean).abs().mean().item(),
        ]
    assert list(losses) == LOSSES
    assert [loss.value.item() for loss in losses.values()] == pytest.approx(expected, rel=1e-3)
    assert [loss.weight for loss in losses.values()] == [2.0, 2.0, 0.5, 3.0]


def test_the_autoencoders_draw_by_torch_s_generator():
    model = make_network()
    degraded, reference = torch.rand(2, 2, 3, 16, 16).unbind()
    found = []
    for seed in (1, 1, 2):
        torch.manual_seed(seed)
        found.append(model.auxiliary_losses(degraded, reference)["clean_reconstruction_loss"].value)
    assert found[0] == found[1] != found[2]


@pytest.mark.parametrize(
    ("name", "parts"),
    [
        ("old_reconstruction_loss", {"old_encoder", "old_decoder"}),
        ("clean_reconstruction_loss", {"clean_encoder", "clean_decoder"}),
        ("kl_loss", {"old_encoder", "clean_encoder"}),
        ("latent_loss", {"old_encoder", "mapping"}),
    ],
)
def test_each_loss_trains_its_parts_alone(name: str, parts: set[str]):
    """The latents that the mapping aims at take no gradient."""
    model = make_network()
    model.auxiliary_losses(*torch.rand(2, 2, 3, 16, 16).unbind())[name].value.backward()
    assert list_learning_parts(model) == parts


def test_the_output_trains_all_but_the_parts_that_only_train_which_the_losses_do():
    model = make_network()
    degraded, reference = torch.rand(2, 2, 3, 16, 16).unbind()
    model(degraded).square().mean().backward()
    without = {id(each) for each in model.parameters() if each.grad is None}
    assert without == {id(each) for part in model.training_parts for each in part.parameters()}
    sum(loss.value for loss in model.auxiliary_losses(degraded, reference).values()).backward()
    assert all(each.grad.abs().sum() > 0 for each in model.parameters())


def test_parameters_that_only_train_are_not_counted():
    model = make_network()
    everything = sum(each.numel() for each in model.parameters())
    ran = [model.old_encoder.layers, model.old_encoder.mean, model.mapping, model.clean_decoder]
    counted = sum(each.numel() for part in ran for each in part.parameters())
    assert count_parameters(model) == counted < everything


def list_learning_parts(model: nn.Module) -> set[str]:
    learning = (name for name, each in model.named_parameters() if each.grad is not None)
    return {name.partition(".")[0] for name in learning}
