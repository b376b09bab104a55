"""Looks of old photographs: drawn by name, within their ranges, or at one point of each."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from lienet.degradations.old_photo import OldPhotoDegradation
from lienet.degradations.old_photo_look import (
    FadingLook,
    OldPhotoLook,
    draw_old_photo,
)
from lienet.draws import generators_of
from lienet.errors import InputError
from lienet.params import load_params

STEPS = ("fading", "saturation", "texture", "grain", "blur", "jpeg")


@pytest.fixture
def recipe(repository: Path) -> OldPhotoDegradation:
    return load_params(repository / "profiles/sample.yaml").synthesize.tasks["old_photo"]


def changed(recipe: OldPhotoDegradation, **steps: dict[str, Any]) -> OldPhotoDegradation:
    tree = recipe.model_dump()
    for step, keys in steps.items():
        tree[step] |= keys
    return OldPhotoDegradation.model_validate(tree)


def test_draws_depend_on_seed_key_and_step_alone(recipe: OldPhotoDegradation):
    look = draw_old_photo(recipe, generators_of(1, "old_photo", "a"))
    assert look == draw_old_photo(recipe, generators_of(1, "old_photo", "a"))
    assert look != draw_old_photo(recipe, generators_of(2, "old_photo", "a"))
    assert look != draw_old_photo(recipe, generators_of(1, "old_photo", "b"))
    without = changed(recipe, fading={"probability": 0.0}, grain={"probability": 0.0})
    expected = replace(look, fading=None, grain=None)
    assert draw_old_photo(without, generators_of(1, "old_photo", "a")) == expected


def test_draws_fill_their_ranges_and_keep_their_probabilities(recipe: OldPhotoDegradation):
    recipe = changed(recipe, grain={"sigma": [0.02, 0.06]}, texture={"probability": 0.5})
    looks = [
        draw_old_photo(recipe, generators_of(1, "old_photo", str(number))) for number in range(400)
    ]
    sigmas = [look.grain.sigma for look in looks if look.grain is not None]
    assert 0.02 <= min(sigmas) < 0.022
    assert 0.058 < max(sigmas) <= 0.06
    assert sum(look.texture is not None for look in looks) == pytest.approx(200, abs=40)
    kinds = {look.texture.kind for look in looks if look.texture is not None}
    assert kinds == {"smooth", "oriented", "cross_hatched"}


def test_strength_runs_from_the_mild_to_the_strong_end_of_every_range(
    recipe: OldPhotoDegradation,
):
    recipe = changed(recipe, saturation={"factor": [0.2, 0.8]}, jpeg={"quality": [50, 90]})
    mild, middle, strong = (
        draw_old_photo(recipe.at_strength(strength), generators_of(0))
        for strength in (0.0, 0.5, 1.0)
    )
    assert [look.saturation for look in (mild, middle, strong)] == pytest.approx([0.8, 0.5, 0.2])
    assert [look.jpeg.quality for look in (mild, middle, strong) if look.jpeg] == [90, 70, 50]
    ends = recipe.fading
    assert mild.fading == FadingLook(
        ends.black_level[0],
        ends.white_level[1],
        (ends.red_gain[1], ends.green_gain[1], ends.blue_gain[1]),
    )
    assert strong.fading == FadingLook(
        ends.black_level[1],
        ends.white_level[0],
        (ends.red_gain[0], ends.green_gain[0], ends.blue_gain[0]),
    )
    assert [look.texture.kind for look in (mild, middle, strong) if look.texture] == [
        "smooth",
        "oriented",
        "cross_hatched",
    ]
    assert mild.grain is not None
    assert strong.grain is not None
    assert (mild.grain.sigma, strong.grain.sigma) == recipe.grain.sigma
    skipped = changed(recipe, **{step: {"probability": 0.0} for step in STEPS})
    assert draw_old_photo(skipped.at_strength(1.0), generators_of(0)) == OldPhotoLook()


@pytest.mark.parametrize("strength", [-0.1, 1.01, float("nan")])
def test_a_strength_out_of_bounds_is_refused(recipe: OldPhotoDegradation, strength: float):
    with pytest.raises(InputError, match=r"look is in \[0, 1\], got"):
        draw_old_photo(recipe.at_strength(strength), generators_of(0))
