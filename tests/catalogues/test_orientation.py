"""A JPEG set upright by its EXIF alone: its coded picture is the same, byte for byte."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image

from lienet.catalogues.orientation import COUNTERCLOCKWISE, orient_jpeg
from lienet.images import decode_image, probe_image
from tests.catalogues.bucket import make_jpeg


def with_exif(content: bytes) -> bytes:
    exif = Image.Exif()
    exif[0x0112] = 3
    exif[0x010F] = "A camera with a serial number"
    stream = io.BytesIO()
    with Image.open(io.BytesIO(content)) as image:
        image.save(stream, "JPEG", quality=90, exif=exif)
    return stream.getvalue()


@pytest.mark.parametrize("degrees", [90, 180, 270])
def test_the_picture_is_turned_counterclockwise_without_loss(degrees: int) -> None:
    content = make_jpeg(1)
    turned = orient_jpeg(content, COUNTERCLOCKWISE[degrees])
    expected = np.rot90(decode_image(content), degrees // 90)
    assert np.array_equal(decode_image(turned), expected)
    assert probe_image(turned).height_px == expected.shape[0]
    assert turned.endswith(content[content.index(b"\xff\xdb") :])


def test_other_exif_data_is_removed() -> None:
    content = with_exif(make_jpeg(2))
    assert b"serial number" in content
    turned = orient_jpeg(content, 6)
    assert b"serial number" not in turned
    assert turned.count(b"Exif\0\0") == 1
    stored = Image.open(io.BytesIO(turned))
    assert dict(stored.getexif()) == {0x0112: 6}
    assert np.array_equal(np.asarray(stored), np.asarray(Image.open(io.BytesIO(content))))


def test_other_segments_stay_in_their_order() -> None:
    stream = io.BytesIO()
    with Image.open(io.BytesIO(make_jpeg(3))) as image:
        image.save(stream, "JPEG", comment=b"kept", icc_profile=b"profile" * 10)
    turned = orient_jpeg(stream.getvalue(), 8)
    assert turned[:4] == b"\xff\xd8\xff\xe0"
    with Image.open(io.BytesIO(turned)) as read:
        assert read.info["comment"] == b"kept"
        assert read.info["icc_profile"] == b"profile" * 10


@pytest.mark.parametrize(
    "content", [b"\xff\xd8", b"\xff\xd8\xff\xe0", b"\xff\xd8\xff\xe1\xff\xff12"]
)
def test_truncated_jpeg_is_returned_truncated(content: bytes) -> None:
    assert orient_jpeg(content, 6).startswith(b"\xff\xd8\xff\xe1")


def test_file_that_is_no_jpeg_is_refused() -> None:
    with pytest.raises(ValueError, match="not a JPEG"):
        orient_jpeg(b"\x89PNG\r\n\x1a\n", 6)
