"""Params of the published networks for faces and old photographs."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import ValidationError

from lienet.networks.registry import build_model, count_parameters
from lienet.params import Params, architectures, load_params
from tests.networks.specs import bopbl_spec, fsrnet_spec, hifacegan_spec, lienet_spec

ROWS = {"face-hifacegan": 340_191, "old_photo-bopbl": 315_636, "face-fsrnet": 325_934}
LARGEST = 350_000
"""What the promotion gate of both tasks admits."""


@pytest.fixture(scope="module")
def bench(repository: Path) -> Params:
    return load_params(repository / "profiles" / "bench.yaml")


def test_they_are_found_by_name():
    assert {"hifacegan", "bopbl", "fsrnet"} <= set(architectures.names())


@pytest.mark.parametrize("row", ROWS)
def test_the_rows_have_the_stated_size(bench: Params, row: str):
    assert count_parameters(build_model(bench.models[row])) == ROWS[row] <= LARGEST


@pytest.mark.parametrize("make", [hifacegan_spec, bopbl_spec, fsrnet_spec])
def test_they_keep_an_image_s_size(make):
    with pytest.raises(ValidationError, match="is for scale 1, got 2"):
        make(scale=2)


def test_weights_of_losses_are_not_negative():
    with pytest.raises(ValidationError, match="kl_weight"):
        bopbl_spec(kl_weight=-1.0)


def test_fsrnet_alone_learns_landmarks():
    assert fsrnet_spec().learns_landmarks
    assert not any(make().learns_landmarks for make in (hifacegan_spec, bopbl_spec, lienet_spec))
