"""The rivals: structure true to their papers, exact sizes, shapes."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from lienet.networks.global_skip import BicubicUpsampling
from lienet.networks.rivals import Esrgan, Sftgan, SftLayer, Srgan
from tests.networks.specs import esrgan_spec, sftgan_spec, srgan_spec


def srgan(*, scale: int = 4, **changes: object) -> Srgan:
    return Srgan(srgan_spec(**changes), scale)


def esrgan(*, scale: int = 4) -> Esrgan:
    return Esrgan(esrgan_spec(), scale)


def sftgan(*, scale: int = 4) -> Sftgan:
    return Sftgan(sftgan_spec(), scale)


def count(module: nn.Module) -> int:
    return sum(parameter.numel() for parameter in module.parameters())


@pytest.mark.parametrize("build", [srgan, esrgan, sftgan])
@pytest.mark.parametrize("scale", [1, 2, 4])
def test_output_is_scale_times_the_input(build, scale):
    model = build(scale=scale).eval()
    assert model(torch.rand(2, 3, 9, 13)).shape == (2, 3, 9 * scale, 13 * scale)


def test_srgan_parameters_by_hand():
    ends = (3 * 8 * 81 + 8) + (8 * 3 * 81 + 3)
    three, norm, prelu = 8 * 8 * 9 + 8, 16, 1
    body = 2 * (2 * three + 2 * norm + prelu) + three + norm
    shuffles = 2 * (8 * 32 * 9 + 32 + prelu)
    assert count(srgan()) == ends + prelu + body + shuffles


def test_srresnet_is_srgan_without_normalisation():
    plain = srgan(batch_norm=False)
    assert not any(isinstance(layer, nn.BatchNorm2d) for layer in plain.modules())
    assert count(srgan()) - count(plain) == 5 * 16


@pytest.mark.parametrize(
    ("network", "make_spec", "changes"),
    [
        (Srgan, srgan_spec, {"batch_norm": False}),
        (Esrgan, esrgan_spec, {}),
        (Sftgan, sftgan_spec, {}),
    ],
    ids=["srgan", "esrgan", "sftgan"],
)
def test_the_skip_costs_nothing_and_starts_near_bicubic(network, make_spec, changes):
    torch.manual_seed(0)
    without = network(make_spec(**changes), 4)
    skipping = network(make_spec(**changes, global_skip="bicubic"), 4)
    degraded = torch.rand(1, 3, 12, 12)
    assert count(skipping) == count(without)
    change = (skipping(degraded) - BicubicUpsampling(4)(degraded)).abs().mean()
    assert 0 < change.item() < 0.2


def test_esrgan_parameters_by_hand():
    dense = sum(9 * (16 + 8 * index) * 8 + 8 for index in range(4)) + 9 * 48 * 16 + 16
    outside = (3 * 16 * 9 + 16) + 4 * (16 * 16 * 9 + 16) + (16 * 3 * 9 + 3)
    assert count(esrgan()) == 3 * dense + outside


def test_esrgan_block_scales_its_residuals():
    """A dense block whose last layer gives a constant one adds 0.2; the outer block 0.2 again."""
    model = esrgan()
    block = model.trunk[0]
    with torch.no_grad():
        for dense in block.blocks:
            dense.convs[-1].weight.zero_()
            dense.convs[-1].bias.fill_(1.0)
    features = torch.zeros(1, 16, 4, 4)
    # three dense blocks add 0.2 each: 0.6; the outer residual scales that by 0.2
    assert block(features).mean().item() == pytest.approx(0.12)


def test_sft_layer_by_hand():
    layer = SftLayer(1, 1)
    with torch.no_grad():
        for net, weight in ((layer.scale_net, 2.0), (layer.shift_net, -3.0)):
            net[0].weight.fill_(1.0)
            net[2].weight.fill_(weight)
    one = torch.ones(1, 1, 1, 1)
    # scale = 2 * 1, shift = -3 * 1: 5 * (2 + 1) - 3
    assert layer(5 * one, one).item() == 12.0


def test_sftgan_sees_only_background():
    model = sftgan()
    background = model._background(torch.rand(1, 3, 2, 3))
    assert background.shape == (1, 8, 8, 12)
    assert background[:, 0].min() == 1
    assert background[:, 1:].abs().max() == 0


def test_srgan_at_scale_one_has_no_shuffle_and_its_skip_adds_the_input():
    assert count(srgan()) - count(srgan(scale=1)) == 2 * (8 * 32 * 9 + 32 + 1)
    model, degraded = (
        srgan(scale=1, batch_norm=False, global_skip="bicubic"),
        torch.rand(1, 3, 9, 9),
    )
    nn.init.zeros_(model.tail.weight)
    assert torch.equal(model(degraded), degraded)
