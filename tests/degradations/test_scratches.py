"""Scratches, holes and blends: by hand, within bounds, the same for the same generator."""

from __future__ import annotations

import numpy as np
import pytest

from lienet.degradations.scratches import blend, draw_holes, draw_scratches


def make_generator(seed: int = 1) -> np.random.Generator:
    return np.random.Generator(np.random.Philox(seed))


@pytest.mark.parametrize(
    ("mode", "blended"),
    [
        ("addition", 300.0),  # 200 + 100
        ("lighten", 200.0),  # the photograph is brighter
        ("screen", 255.0 - 55.0 * 155.0 / 255.0),
    ],
)
def test_blends_by_hand(mode: str, blended: float):
    pixels = np.full((1, 2, 3), 200.0, np.float32)
    layer = np.full((1, 2, 1), 100.0, np.float32)
    for opacity in (0.0, 0.25, 1.0):
        found = blend(pixels, layer, mode=mode, opacity=opacity)
        assert found.dtype == np.float32
        assert found == pytest.approx(200.0 + opacity * (blended - 200.0), rel=1e-6)


@pytest.mark.parametrize("mode", ["addition", "lighten", "screen"])
def test_a_black_layer_changes_nothing(mode: str):
    pixels = make_generator().uniform(0, 255, (3, 4, 3)).astype(np.float32)
    found = blend(pixels, np.zeros((3, 4, 1), np.float32), mode=mode, opacity=1.0)
    assert found == pytest.approx(pixels, abs=1e-4)


def test_scratches_are_thin_lines_of_their_width():
    narrow, wide = (
        draw_scratches((200, 300), count=3, width_px=(side, side), generator=make_generator())
        for side in (1.0, 4.0)
    )
    assert narrow.dtype == np.float32
    assert 0.0 < narrow.mean() < 0.05
    assert narrow.max() <= 1.0
    taken = [(mask > 0.1).sum() for mask in (narrow, wide)]
    assert 1.5 < taken[1] / taken[0] < 4.0


def test_scratches_follow_from_their_generator():
    def draw(seed: int, count: int = 4) -> np.ndarray:
        generator = make_generator(seed)
        return draw_scratches((64, 48), count=count, width_px=(1.0, 3.0), generator=generator)

    assert np.array_equal(draw(1), draw(1))
    assert not np.array_equal(draw(1), draw(2))
    assert draw(1, count=0).max() == 0.0


@pytest.mark.parametrize("share", [0.0, 0.05, 0.3])
def test_holes_take_their_share_and_fade_in(share: float):
    holes = draw_holes((128, 160), hole_px=6.0, share=share, generator=make_generator())
    assert holes.shape == (128, 160)
    assert holes.min() == 0.0
    assert (holes > 0).mean() == pytest.approx(share, abs=0.002)
    if share == 0.3:
        assert holes.max() == 1.0
        assert ((holes > 0) & (holes < 1)).mean() > 0.03
