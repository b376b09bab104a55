"""What is set into a photograph lies where the scene says, and follows from the seed."""

from __future__ import annotations

import numpy as np
import pytest
from skimage.data import astronaut, coffee

from bench.scenes import Scene, fit, set_badge, set_face, set_line

PORTRAIT = np.ascontiguousarray(astronaut()[:256, 96:352])


def _changed(scene: Scene, background: np.ndarray) -> tuple[int, int, int, int]:
    difference = np.abs(scene.pixels.astype(int) - background.astype(int)).max(axis=2) > 60
    down, across = np.nonzero(difference)
    return across.min(), down.min(), across.max() + 1, down.max() + 1


def test_a_photograph_is_brought_to_a_longest_side():
    assert fit(coffee(), 300).shape == (200, 300, 3)
    assert fit(coffee(), 1200).shape == (800, 1200, 3)


def test_the_same_seed_makes_the_same_scene_and_another_one_another():
    first, again, other = (
        set_face(coffee(), PORTRAIT, 40, np.random.default_rng(seed)) for seed in (1, 1, 2)
    )
    assert np.array_equal(first.pixels, again.pixels)
    assert first.place == again.place != other.place


@pytest.mark.parametrize("quarter_turns", [0, 1, 3])
def test_a_face_lies_about_its_place(quarter_turns: int):
    grey = np.full((300, 400, 3), 20, np.uint8)
    white = np.full((256, 256, 3), 250, np.uint8)
    draws = np.random.default_rng(0)
    scene = set_face(grey, white, 60, draws, quarter_turns=quarter_turns)
    left, top, right, bottom = scene.place
    assert (right - left, bottom - top) == pytest.approx((60, 60), abs=1)
    changed = _changed(scene, grey)
    assert (changed[0] + changed[2]) / 2 == pytest.approx((left + right) / 2, abs=3)
    wider = changed[2] - changed[0] > changed[3] - changed[1]
    assert wider == (quarter_turns != 0)


@pytest.mark.parametrize("turned_degrees", [0.0, 90.0])
def test_a_line_is_as_high_as_its_capitals_and_stands_out_by_its_contrast(turned_degrees: float):
    grey = np.full((500, 500, 3), 100, np.uint8)
    draws = np.random.default_rng(0)
    scene = set_line(grey, 20, draws, contrast=90, turned_degrees=turned_degrees)
    left, top, right, bottom = _changed(scene, grey)
    short, long = sorted((right - left, bottom - top))
    assert 18 <= short <= 32
    assert long > 3 * short
    assert (bottom - top > right - left) == (turned_degrees == 90.0)
    assert int(scene.pixels.max()) == pytest.approx(190, abs=20)


def test_a_badge_is_a_light_card_with_dark_writing():
    scene = set_badge(np.full((300, 600, 3), 100, np.uint8), 16, np.random.default_rng(0))
    left, top, right, bottom = (round(edge) for edge in scene.place)
    inside = scene.pixels[top:bottom, left:right]
    assert inside.max() > 180
    assert inside.min() < 90


def test_what_does_not_fit_is_refused():
    with pytest.raises(ValueError, match="does not fit"):
        set_face(coffee()[:50, :50], PORTRAIT, 60, np.random.default_rng(0))
