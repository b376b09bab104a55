"""Old photographs: a tile's look is kept beside it, and a strength is a degree of ageing."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

import numpy as np
import pytest

from lienet.degradations.ageing import degrade_old_photo
from lienet.degradations.old_photo_look import draw_old_photo
from lienet.draws import generators_of
from lienet.images import decode_image
from lienet.params import Degradation, load_params


@pytest.fixture
def degradation(repository: Path) -> Degradation:
    return load_params(repository / "profiles/sample.yaml").synthesize.tasks["old_photo"]


def test_a_tile_has_a_look_of_its_own_that_is_kept(degradation: Degradation):
    pixels = np.random.default_rng(0).integers(0, 256, (61, 83, 3), dtype=np.uint8)
    draw = generators_of(1, "old_photo", "a")
    made, look = degradation.make_input(pixels, draw), draw_old_photo(degradation, draw)
    assert made.content == degrade_old_photo(pixels, look, draw)
    assert made.info == {"look": asdict(look)}
    assert made.info != degradation.make_input(pixels, generators_of(1, "old_photo", "b")).info


def test_a_stronger_look_is_further_from_the_photograph(degradation: Degradation):
    from skimage.data import coffee

    photo = coffee()[:200, :300]
    errors = []
    for strength in (0.0, 0.5, 1.0):
        draw = generators_of(1, "old_photo", "coffee")
        stored = degradation.at_strength(strength).make_input(photo, draw).content
        errors.append(np.square(decode_image(stored).astype(float) - photo).mean())
    assert errors[0] < errors[1] < errors[2]
