"""VDSR corrects the bicubic picture."""

from __future__ import annotations

import torch

from lienet.networks.global_skip import BicubicUpsampling
from lienet.networks.registry import build_model, count_parameters
from tests.networks.specs import vdsr_spec


def test_without_a_correction_it_is_the_bicubic_picture():
    network = build_model(vdsr_spec())
    with torch.no_grad():
        network.layers[-1].weight.zero_()
        image = torch.rand(1, 3, 5, 6)
        assert torch.equal(network(image), BicubicUpsampling(4)(image))


def test_parameters_follow_from_width_and_depth():
    # 3 -> 8, 8 -> 8 twice, 8 -> 3, biases included
    assert count_parameters(build_model(vdsr_spec())) == 224 + 2 * 584 + 219
