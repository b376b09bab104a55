"""Picture files as bytes, of every kind that a test wants."""

from __future__ import annotations

import io
from typing import Any

import numpy as np
from PIL import Image

GENERATOR = np.random.default_rng(11)


def noise(channels: int, dtype: Any = np.uint8, size_px: tuple[int, int] = (20, 30)) -> np.ndarray:
    """Return ``h w c`` of random levels."""
    return GENERATOR.integers(0, np.iinfo(dtype).max, (*size_px, channels), dtype, endpoint=True)


def save(image: Image.Image | np.ndarray, kind: str, **options: Any) -> bytes:
    """Return the bytes of a file that Pillow writes."""
    stream = io.BytesIO()
    if isinstance(image, np.ndarray):
        image = Image.fromarray(image[..., 0] if image.shape[2] == 1 else image)
    image.save(stream, kind, **options)
    return stream.getvalue()


def make_exif(orientation: int) -> Image.Exif:
    """Return EXIF of a camera, with the size of its sensor and an orientation."""
    exif = Image.Exif()
    exif[0x0112], exif[0x010F], exif[0x0100] = orientation, "a camera", 4000
    exif.get_ifd(0x8769).update({0x9003: "2020:01:02 03:04:05", 0xA002: 4000})
    return exif
