"""Camera raw files, which call themselves TIFF, are refused by name."""

from __future__ import annotations

import io
from typing import Any

import numpy as np
import pytest
import tifffile

from lienet.errors import ImageError
from lienet.images import decode_image

PREVIEW = np.random.default_rng(1).integers(0, 256, (48, 64, 3), dtype=np.uint8)
DNG_VERSION = (50706, "B", 4, (1, 4, 0, 0), True)


def write_tiff(**options: Any) -> bytes:
    stream = io.BytesIO()
    with tifffile.TiffWriter(stream) as writer:
        writer.write(PREVIEW, photometric="rgb", **options)
        if "subifds" in options:
            writer.write(PREVIEW[::-1], photometric="rgb")
    return stream.getvalue()


def test_a_plain_tiff_is_read():
    assert np.array_equal(decode_image(write_tiff()), PREVIEW)


@pytest.mark.parametrize(
    ("content", "named"),
    [
        (write_tiff(extratags=[DNG_VERSION]), "a DNG file is not a finished photograph"),
        (write_tiff(subifds=1, subfiletype=1), "a camera raw file is not a finished photograph"),
        (b"II*\0\x10\0\0\0CR\x02\0" + write_tiff()[12:], "not a JPEG, PNG, WebP or TIFF file"),
    ],
    ids=["dng", "preview", "cr2"],
)
def test_raw_files_are_refused_by_name(content: bytes, named: str):
    with pytest.raises(ImageError, match=named) as refused:
        decode_image(content)
    assert refused.value.reason == "unsupported_format"
