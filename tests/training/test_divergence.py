"""A run stops with the step and the checkpoint in one line, and not before it must."""

from __future__ import annotations

import math
from pathlib import Path

import pytest

from lienet.errors import TrainingError
from lienet.training.checkpoint import CHECKPOINT_NAME
from lienet.training.divergence import refuse_collapse, require_finite


def test_finite_values_pass(tmp_path: Path):
    require_finite({"loss": 0.0, "discriminator_loss": 1e30}, step=3, state_dir=tmp_path)


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_the_first_that_is_not_finite_is_named(tmp_path: Path, value: float):
    (tmp_path / CHECKPOINT_NAME).touch()
    values = {"pixel_loss": 1.0, "perceptual_loss": value, "loss": math.nan}
    expected = (
        rf"the perceptual loss is not finite at step 7, got {value}; the last good checkpoint"
    )
    with pytest.raises(TrainingError, match=expected) as caught:
        require_finite(values, step=7, state_dir=tmp_path)
    assert str(tmp_path / CHECKPOINT_NAME) in str(caught.value)


def test_a_run_without_a_checkpoint_says_so(tmp_path: Path):
    with pytest.raises(TrainingError, match="no checkpoint was due yet"):
        require_finite({"loss": math.nan}, step=0, state_dir=tmp_path)


def test_opinion(tmp_path: Path):
    refuse_collapse(2, at_most=3, step=40, state_dir=tmp_path)
    with pytest.raises(TrainingError, match=r"collapsed at step 40: .*, got .* at 3 logged points"):
        refuse_collapse(3, at_most=3, step=40, state_dir=tmp_path)
