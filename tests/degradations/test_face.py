"""Faces: the size stays, the detail is gone, the light is kept."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest

from lienet.degradations.face import degrade_face
from lienet.degradations.resize import resize_bicubic
from lienet.errors import InputError

GRADIENT = np.add.outer(np.arange(96), np.arange(64))[:, :, None] + np.array([0, 20, 40])
PHOTO = GRADIENT.astype(np.uint8)


def test_a_face_is_reduced_and_enlarged_to_its_size():
    degraded = degrade_face(PHOTO, factor=4)
    assert degraded.shape == PHOTO.shape
    reduced = resize_bicubic(PHOTO, scale=Fraction(1, 4))
    assert np.array_equal(degraded, resize_bicubic(reduced, scale=4))


def test_a_face_loses_its_detail_and_keeps_its_light():
    checkered = (np.indices((32, 32)).sum(axis=0) % 2 * 255).astype(np.uint8)
    degraded = degrade_face(np.repeat(checkered[..., None], 3, axis=2), factor=4)
    assert np.abs(degraded[4:-4, 4:-4].astype(int) - 127.5).max() <= 2
    flat = np.full((16, 24, 3), 77, np.uint8)
    assert np.array_equal(degrade_face(flat, factor=4), flat)
    with pytest.raises(InputError, match="multiples of 4, got 30 x 32"):
        degrade_face(PHOTO[:30, :32], factor=4)
