"""Degradations of sr and face: sizes, the JPEG as it is stored, detail that is gone."""

from __future__ import annotations

import io
from fractions import Fraction

import numpy as np
import pytest
from PIL import Image

from lienet.degradations.reductions import crop_to_multiple, degrade_face, degrade_sr, downsample
from lienet.degradations.resize import resize_bicubic
from lienet.errors import InputError

GRADIENT = np.add.outer(np.arange(96), np.arange(64))[:, :, None] + np.array([0, 20, 40])
PHOTO = GRADIENT.astype(np.uint8)
# The IJG luma table at quality 20 is the standard one times 5000/20/100 = 2.5, rounded: its first
# entry is 16 * 2.5 = 40.
FIRST_LUMA_STEP_AT_20 = 40


def test_the_input_is_the_reduced_image_as_jpeg_at_that_quality_and_chroma():
    degraded = degrade_sr(PHOTO, scale=4, jpeg_quality=20, jpeg_chroma="4:2:0")
    with Image.open(io.BytesIO(degraded)) as image:
        assert image.format == "JPEG"
        assert image.size == (16, 24)
        assert image.quantization[0][0] == FIRST_LUMA_STEP_AT_20
        assert [layer[1:3] for layer in image.layer] == [(2, 2), (1, 1), (1, 1)]
    expected = io.BytesIO()
    reduced = resize_bicubic(PHOTO, scale=Fraction(1, 4))
    Image.fromarray(reduced).save(expected, "JPEG", quality=20, subsampling="4:2:0")
    assert degraded == expected.getvalue()


def test_sides_that_do_not_fit_are_refused_and_cropping_mends_them():
    odd = np.zeros((98, 67, 3), np.uint8)
    with pytest.raises(InputError, match="multiples of 4, got 98 x 67"):
        downsample(odd, scale=4)
    cropped = crop_to_multiple(odd, multiple=4)
    assert cropped.shape == (96, 64, 3)
    assert downsample(cropped, scale=4).shape == (24, 16, 3)


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
