"""Colours of 16 bits come out of PNG and TIFF files to the last bit, without OpenCV."""

from __future__ import annotations

import io
from typing import Any

import cv2
import numpy as np
import pytest
import tifffile
from PIL.PngImagePlugin import PngImageFile
from PIL.TiffImagePlugin import TiffImageFile

from lienet.sixteen_bits import copy_samples, read_sixteen_bits

GENERATOR = np.random.default_rng(3)


def draw(channels: int) -> np.ndarray[Any, np.dtype[np.uint16]]:
    return GENERATOR.integers(0, 65536, (300, 21, channels), dtype=np.uint16)


def write_png(samples: np.ndarray) -> bytes:
    swapped = samples[..., [2, 1, 0, 3][: samples.shape[2]]] if samples.shape[2] > 2 else samples
    return cv2.imencode(".png", swapped)[1].tobytes()


def write_tiff(samples: np.ndarray, alpha: str = "unassalpha", **options: Any) -> bytes:
    stream = io.BytesIO()
    extra = [alpha] if samples.shape[2] == 4 else None
    tifffile.imwrite(stream, samples, photometric="rgb", extrasamples=extra, **options)
    return stream.getvalue()


def read(content: bytes, reader: Any) -> np.ndarray:
    with reader(io.BytesIO(content)) as image, reader(io.BytesIO(content)) as again:
        return read_sixteen_bits(image, again)


@pytest.mark.parametrize("channels", [1, 3, 4])
def test_png_samples_are_read_whole(channels: int):
    samples = draw(channels)
    np.testing.assert_array_equal(read(write_png(samples), PngImageFile), samples)


@pytest.mark.parametrize("channels", [3, 4])
@pytest.mark.parametrize(
    "options",
    [
        {"byteorder": "<"},
        {"byteorder": ">"},
        {"byteorder": "<", "compression": "zlib", "predictor": True},
        {"byteorder": ">", "compression": "zlib"},
        {"tile": (16, 16)},
    ],
)
def test_tiff_samples_are_read_whole(channels: int, options: dict[str, Any]):
    samples = draw(channels)
    np.testing.assert_array_equal(read(write_tiff(samples, **options), TiffImageFile), samples)


def test_colours_stored_times_their_alpha_are_divided_by_it():
    samples = draw(4)
    samples[..., 3] = np.maximum(samples[..., 3], 20_000)
    alpha = samples[..., 3:] / 65535
    stored = samples.copy()
    stored[..., :3] = np.rint(samples[..., :3] * alpha)
    found = read(write_tiff(stored, "assocalpha"), TiffImageFile)
    assert np.abs(found.astype(int) - samples).max() <= 2
    np.testing.assert_array_equal(found[..., 3], samples[..., 3])


def test_eight_bit_samples_are_copied_as_they_are():
    samples = (draw(3) >> 8).astype(np.uint8)
    with PngImageFile(io.BytesIO(write_png(samples))) as image:
        np.testing.assert_array_equal(copy_samples(image), samples)
