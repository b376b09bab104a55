from __future__ import annotations

import numpy as np

from lienet.screening.text_regions import find_windows

NO_HINTS = np.zeros((20, 30), np.float32)


def _plain() -> np.ndarray:
    return np.full((320, 480, 3), 120, np.uint8)


def _stripe(pixels: np.ndarray, top: int, left: int, contrast: int = 200) -> np.ndarray:
    """Draw upright strokes of two pixels, 12 high and 60 wide."""
    for column in range(left, left + 60, 4):
        pixels[top : top + 12, column : column + 2] = 120 - contrast // 2
    return pixels


def test_plain_image_has_no_window():
    assert find_windows(_plain(), NO_HINTS) == []


def test_strokes_get_one_window_with_room_around_them():
    ((left, top, right, bottom),) = find_windows(_stripe(_plain(), 100, 200), NO_HINTS)
    assert left <= 192
    assert top <= 92
    assert right >= 268
    assert bottom >= 120
    assert (right - left) * (bottom - top) < 160 * 128


def test_faint_strokes_are_left_to_the_coarse_look():
    assert find_windows(_stripe(_plain(), 100, 200, contrast=40), NO_HINTS) == []


def test_a_hint_of_the_coarse_look_gets_a_window():
    hints = NO_HINTS.copy()
    hints[10, 15] = 1e-4  # of 320 × 480 pixels: about (168, 248)
    ((left, top, right, bottom),) = find_windows(_plain(), hints)
    assert left <= 240 < 256 <= right
    assert top <= 160 < 176 <= bottom


def test_windows_are_whole_strides_inside_the_image():
    pixels = _plain()
    for top, left in ((0, 0), (300, 410), (150, 200)):
        _stripe(pixels, top, left)
    windows = find_windows(pixels, NO_HINTS)
    assert len(windows) == 3
    for left, top, right, bottom in windows:
        assert (right - left) % 32 == (bottom - top) % 32 == 0
        assert 0 <= left < right <= 480
        assert 0 <= top < bottom <= 320


def test_near_windows_become_one_and_many_become_the_image():
    beside = _stripe(_stripe(_plain(), 100, 100), 104, 190)
    assert len(find_windows(beside, NO_HINTS)) == 1
    full = _plain()
    for top in range(0, 305, 25):
        for left in range(0, 420, 65):
            _stripe(full, top, left)
    assert find_windows(full, NO_HINTS) == [(0, 0, 480, 320)]
