"""Ranges of ageing are bounded, and white stays above black."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from lienet.degradations.old_photo_params import (
    Fading,
    Grain,
    OldPhotoSteps,
    SaturationChange,
)

FADING: dict[str, Any] = {
    "probability": 1.0,
    "black_level": [0.0, 0.2],
    "white_level": [0.5, 1.0],
    "red_gain": [1.0, 1.0],
    "green_gain": [0.9, 1.0],
    "blue_gain": [0.5, 1.0],
}


def test_black_stays_below_the_darkest_white():
    # The darkest white is 0.5 x 0.5 = 0.25.
    assert Fading.model_validate({**FADING, "black_level": [0.0, 0.24]}).black_level[1] == 0.24
    with pytest.raises(ValidationError, match=r"up to 0\.25 must stay below .* gain, 0\.25"):
        Fading.model_validate({**FADING, "black_level": [0.0, 0.25]})


@pytest.mark.parametrize(
    ("name", "ends", "message"),
    [
        ("sigma", [0.2, 0.1], "low first"),
        ("sigma", [-0.1, 0.1], r"lie in \[0, 0\.5\]"),
        ("correlation_px", [0.0, 9.0], r"lie in \[0, 8\]"),
        ("chroma_share", [0.5, 1.1], r"lie in \[0, 1\]"),
        ("chroma_share", [float("nan"), 1.0], "chroma_share"),
    ],
)
def test_ranges_upside_down_or_out_of_bounds_are_refused(name: str, ends: list, message: str):
    grain = {"probability": 1, "sigma": [0, 0.1], "correlation_px": [0, 1], "chroma_share": [0, 1]}
    Grain.model_validate(grain)
    with pytest.raises(ValidationError, match=message):
        Grain.model_validate({**grain, name: ends})


def test_every_step_has_a_probability():
    steps = ("fading", "saturation", "texture", "grain", "blur", "jpeg")
    fields = OldPhotoSteps.model_fields
    for step in steps:
        assert "probability" in fields[step].annotation.model_fields


@pytest.mark.parametrize(
    ("ends", "points"),
    [
        ([0.525, 0.805], (0.805, 0.665, 0.525)),
        ([1.1, 1.5], (1.1, 1.3, 1.5)),
        # Both sides of 1: from no change to the end that is further from it.
        ([0.525, 1.25], (1.0, 0.7625, 0.525)),
        ([0.9, 1.5], (1.0, 1.25, 1.5)),
    ],
)
def test_saturation_is_mildest_where_it_changes_least(ends: list, points: tuple[float, ...]):
    change = SaturationChange.model_validate({"probability": 0.5, "factor": ends})
    fixed = [change.at_strength(strength) for strength in (0.0, 0.5, 1.0)]
    assert [step.factor[0] for step in fixed] == pytest.approx(points)
    assert all(step.factor[0] == step.factor[1] and step.probability == 1.0 for step in fixed)
