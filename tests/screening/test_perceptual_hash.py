from __future__ import annotations

import itertools

import cv2
import numpy as np
import pytest
from skimage.data import astronaut, chelsea, coffee, rocket

from lienet.images import decode_image, encode_jpeg
from lienet.screening.perceptual_hash import format_hash, hash_image, hash_picture


def _distance(one: int | None, other: int | None) -> int:
    assert one is not None
    assert other is not None
    return (one ^ other).bit_count()


@pytest.mark.parametrize("picture", [astronaut, chelsea, coffee, rocket])
def test_the_same_picture_scaled_and_pressed_has_nearly_the_same_hash(picture):
    pixels = picture()
    small = cv2.resize(pixels, None, fx=0.6, fy=0.6, interpolation=cv2.INTER_AREA)
    pressed = decode_image(encode_jpeg(pixels, quality=30, chroma="4:2:0"))
    darker = (pixels * 0.85).astype(np.uint8)
    for changed in (small, pressed, darker):
        assert _distance(hash_image(pixels), hash_image(changed)) <= 4


def test_different_pictures_have_far_hashes():
    hashes = [hash_image(picture()) for picture in (astronaut, chelsea, coffee, rocket)]
    assert min(_distance(*pair) for pair in itertools.combinations(hashes, 2)) > 16


def test_a_picture_without_detail_has_no_hash():
    assert hash_picture(np.full((50, 70, 3), 200, np.uint8)) is None
    assert format_hash(None) == ""
