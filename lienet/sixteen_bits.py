"""Samples of 16 bits out of PNG and TIFF files, by Pillow alone.

Pillow reads 16-bit grey whole, but cuts the low bytes of colours off. It is therefore asked twice,
the second time as if the two bytes of each sample lay in the other order: what it then keeps are
the low bytes.
"""

from __future__ import annotations

import sys
from typing import Any

import numpy as np
from PIL import Image, ImageFile

_Pixels = np.ndarray[Any, np.dtype[Any]]
_ROWS_AT_ONCE = 256
_OTHER_ORDER = {"B": "L", "L": "B", "N": "B" if sys.byteorder == "little" else "L"}


def read_sixteen_bits(image: ImageFile.ImageFile, again: ImageFile.ImageFile) -> _Pixels:
    """Return samples as uint16 HWC of 1 to 4 channels, colours never multiplied by their alpha.

    Args:
        image: opened, not loaded, with samples of 16 bits; is loaded.
        again: the same, opened a second time.
    """
    if image.mode.startswith("I;16"):
        image.load()
        return np.array(image, dtype=np.uint16)[..., None]
    rawmode = _rawmode(image)
    if rawmode == "LA;16B":  # four bytes to a pixel, which Pillow gives as they are for RGBA
        _set_rawmode(image, "RGBA")
        return copy_samples(image).view(">u2").astype(np.uint16)
    is_multiplied = rawmode.startswith("RGBa")
    rawmode = rawmode.replace("RGBa", "RGBA")
    _set_rawmode(image, rawmode)
    _set_rawmode(again, rawmode[:-1] + _OTHER_ORDER.get(rawmode[-1], ""))
    deep = copy_samples(image, np.uint16)
    deep <<= 8
    add_samples(deep, again)
    return _divide_by_alpha(deep) if is_multiplied else deep


def copy_samples(image: Image.Image, dtype: type[np.unsignedinteger[Any]] = np.uint8) -> _Pixels:
    """Load an image and return its samples, HWC, copied strip by strip to spare memory."""
    image.load()
    shape = (image.height, image.width, len(image.getbands()))
    samples: _Pixels = np.zeros(shape, dtype)
    add_samples(samples, image)
    return samples


def add_samples(samples: _Pixels, image: Image.Image) -> None:
    """Add an image's samples, strip by strip, to an array HWC."""
    image.load()
    for top in range(0, image.height, _ROWS_AT_ONCE):
        bottom = min(image.height, top + _ROWS_AT_ONCE)
        strip = np.asarray(image.crop((0, top, image.width, bottom)))
        rows = samples[top:bottom]
        rows += strip.reshape(rows.shape)


def _rawmode(image: ImageFile.ImageFile) -> str:
    args = image.tile[0].args if image.tile else None
    return str(args if isinstance(args, str) else args[0]) if args else ""


def _set_rawmode(image: ImageFile.ImageFile, rawmode: str) -> None:
    """Tell Pillow how the samples lie in the file."""
    image.tile = [
        tile._replace(args=(rawmode, *tile.args[1:]) if isinstance(tile.args, tuple) else rawmode)
        for tile in image.tile
    ]


def _divide_by_alpha(deep: _Pixels) -> _Pixels:
    alpha = np.maximum(deep[..., -1:], 1).astype(np.float64)
    deep[..., :-1] = np.minimum(np.rint(deep[..., :-1] * (65535 / alpha)), 65535)
    return deep
