"""Shapes in annotations: what networks are given and give is held against them in tests."""

from __future__ import annotations

import inspect
import pkgutil
from importlib import import_module
from typing import get_type_hints

import pytest
import torch
from jaxtyping import TypeCheckError

import lienet.networks
from lienet.networks.blocks import Modulation, ResidualBlock
from lienet.networks.global_skip import BicubicUpsampling
from lienet.networks.spade import Spade

NAMES = ("losses", "relativistic", "perceptual", "objectives", "adversarial", "validation")
CHECKED = [
    *(f"lienet.networks.{each.name}" for each in pkgutil.iter_modules(lienet.networks.__path__)),
    *(f"lienet.training.{name}" for name in NAMES),
    *("lienet.evaluation.metrics", "lienet.evaluation.vmaf"),
]
for params in ("architectures", "light_architectures", "restoration_architectures"):
    CHECKED.remove(f"lienet.networks.{params}")  # import torch for type checkers alone


def test_a_wrong_shape_is_refused_by_a_network_while_tests_run():
    with pytest.raises(TypeCheckError, match="image"):
        BicubicUpsampling(2)(torch.rand(1, 4, 8, 8))


def test_features_and_their_condition_have_one_size():
    with pytest.raises(TypeCheckError, match="condition"):
        Modulation(4, 2)(torch.rand(1, 2, 8, 8), torch.rand(1, 4, 1, 1))


def test_a_guide_is_as_many_times_larger_as_its_layer_says():
    layer = Spade(2, 2, factor=2)
    with pytest.raises(TypeCheckError, match="guide"):
        layer(torch.rand(1, 2, 4, 4), torch.rand(1, 2, 9, 9))


def test_whole_numbers_are_no_features():
    with pytest.raises(TypeCheckError):
        ResidualBlock(2)(torch.zeros(1, 2, 4, 4, dtype=torch.int64))


@pytest.mark.parametrize("name", CHECKED)
def test_every_annotation_can_be_read_by_the_checker(name: str):
    module = import_module(name)
    own = [each for each in vars(module).values() if getattr(each, "__module__", "") == name]
    classes = [each for each in own if inspect.isclass(each)]
    methods = [each for one in classes for each in vars(one).values()]
    functions = [each for each in (*own, *methods) if inspect.isfunction(each)]
    for function in functions:
        get_type_hints(inspect.unwrap(function), include_extras=True)
    assert functions or classes or name.endswith("shapes")
