"""PNG files written strip by strip hold the very pixels, at any depth."""

from __future__ import annotations

import io
from typing import Any

import numpy as np
import pytest
from PIL import Image
from PIL.PngImagePlugin import PngImageFile
from skimage import data

from lienet.pictures.decoding import decode_picture
from lienet.pictures.metadata import Metadata, sign
from lienet.pictures.png import PngWriter
from tests.pictures.made import noise, save


def write(pixels: np.ndarray, strip_px: int, metadata: Metadata | None = None) -> bytes:
    stream = io.BytesIO()
    writer = PngWriter(
        stream,
        width_px=pixels.shape[1],
        height_px=pixels.shape[0],
        channels=pixels.shape[2],
        bits=pixels.dtype.itemsize * 8,
        metadata=metadata or Metadata(),
    )
    for top in range(0, len(pixels), strip_px):
        writer.write_rows(pixels[top : top + strip_px])
    writer.close()
    return stream.getvalue()


@pytest.mark.parametrize("channels", [1, 2, 3, 4])
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
@pytest.mark.parametrize("size_px", [(1, 1), (7, 200), (150, 9)])
def test_pixels_come_back(channels: int, dtype: Any, size_px: tuple[int, int]):
    pixels = noise(channels, dtype, size_px)
    for strip_px in (3, 70, 200):
        found = decode_picture(write(pixels, strip_px)).pixels
        np.testing.assert_array_equal(found, pixels)
        assert found.dtype == dtype


def test_checksums_hold_and_a_photograph_is_no_larger_than_pillow_makes_it():
    photograph = np.ascontiguousarray(data.astronaut()[:256, :256])
    content = write(photograph, 64)
    with PngImageFile(io.BytesIO(content)) as image:
        image.verify()
    size_bytes, expected_bytes = len(content), len(save(photograph, "PNG"))
    assert size_bytes < 1.05 * expected_bytes


def test_profile_and_metadata_are_in_the_file():
    profile = b"any profile" * 9
    metadata = sign(Metadata(icc_profile=profile, xmp=b"<x:xmpmeta/>"), "a test")
    with Image.open(io.BytesIO(write(noise(3), 8, metadata))) as image:
        image.load()
        assert image.info["icc_profile"] == profile
        assert image.getexif()[0x000B] == "a test"
        assert image.info["XML:com.adobe.xmp"] == "<x:xmpmeta/>"
