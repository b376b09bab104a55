"""The shown window is where the reference has most detail, or a face."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from skimage import data

from lienet.report.crops import Crop, choose_crop, choose_face_crop


def test_the_only_detail_is_found():
    reference = np.full((64, 96, 3), 128, np.uint8)
    reference[40:48, 72:80] = np.indices((8, 8)).sum(axis=0)[..., None] % 2 * 255
    crop = choose_crop(reference, height_px=16, width_px=16)
    assert crop.top_px <= 40
    assert crop.top_px + 16 >= 48
    assert crop.left_px <= 72
    assert crop.left_px + 16 >= 80


def test_of_equals_the_first_is_chosen():
    flat = np.zeros((32, 32, 3), np.uint8)
    assert choose_crop(flat, height_px=8, width_px=12) == Crop(0, 0, 8, 12)


def test_an_image_smaller_than_the_window_is_shown_whole_up_to_the_grid():
    reference = np.zeros((22, 33, 3), np.uint8)
    assert choose_crop(reference, height_px=64, width_px=64) == Crop(0, 0, 20, 32)


@settings(max_examples=30, deadline=None)
@given(st.integers(8, 40), st.integers(8, 40), st.integers(0, 2**32))
def test_the_window_has_the_greatest_energy_of_all(height: int, width: int, seed: int):
    reference = np.random.default_rng(seed).integers(0, 256, (height, width, 3), np.uint8)
    crop = choose_crop(reference, height_px=8, width_px=8)
    luma = reference @ np.array([0.299, 0.587, 0.114])
    energy = np.zeros_like(luma)
    energy[:, :-1] += np.diff(luma, axis=1) ** 2
    energy[:-1] += np.diff(luma, axis=0) ** 2
    energies = {
        (top, left): energy[top : top + 8, left : left + 8].sum()
        for top in range(0, height - 7, 4)
        for left in range(0, width - 7, 4)
    }
    assert energies[crop.top_px, crop.left_px] == pytest.approx(max(energies.values()))


def test_cutting_the_degraded_image_shows_the_same_window():
    reference = np.arange(32 * 32 * 3, dtype=np.uint16).reshape(32, 32, 3)
    crop = Crop(8, 12, 16, 4)
    assert crop.cut(reference).shape == (16, 4, 3)
    assert np.array_equal(crop.cut(reference[::4, ::4], shrink=4), crop.cut(reference)[::4, ::4])


def test_a_face_is_found_wherever_it_is():
    """The astronaut's face lies at rows 60 to 190 and columns 160 to 290 of her portrait."""
    portrait = data.astronaut()
    for pixels, shift in ((portrait, 0), (np.pad(portrait, ((0, 0), (200, 0), (0, 0))), 200)):
        crop = choose_face_crop(pixels, height_px=200, width_px=200)
        assert (crop.height_px, crop.width_px) == (200, 200)
        assert crop.top_px <= 60
        assert crop.top_px + 200 >= 190
        assert crop.left_px <= 160 + shift
        assert crop.left_px + 200 >= 290 + shift


def test_without_a_face_the_middle_is_shown():
    flat = np.zeros((60, 100, 3), np.uint8)
    assert choose_face_crop(flat, height_px=20, width_px=40) == Crop(20, 28, 20, 40)
    assert choose_face_crop(flat, height_px=256, width_px=256) == Crop(0, 0, 60, 100)
