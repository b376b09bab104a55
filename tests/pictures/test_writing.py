"""Files are written whole or not at all, and what a format cannot hold is said."""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from lienet.errors import ImageError
from lienet.pictures.decoding import decode_picture
from lienet.pictures.metadata import Metadata
from lienet.pictures.writing import Format, Shape, check_format, write_picture
from tests.pictures.made import noise


def shape_of(pixels: np.ndarray) -> Shape:
    return Shape(*pixels.shape, pixels.dtype)


def write(path: Path, pixels: np.ndarray, kind: Format) -> Image.Image:
    strips = iter([pixels[:7], pixels[7:]])
    write_picture(path, strips, shape_of(pixels), kind, Metadata())
    return Image.open(io.BytesIO(path.read_bytes()))


@pytest.mark.parametrize("channels", [1, 2, 3, 4])
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_png_holds_everything(tmp_path: Path, channels: int, dtype: Any):
    pixels = noise(channels, dtype)
    write(tmp_path / "a.png", pixels, "png")
    found = decode_picture((tmp_path / "a.png").read_bytes()).pixels
    np.testing.assert_array_equal(found, pixels)
    assert check_format(shape_of(pixels), "png") == []


def test_jpeg_is_grey_where_the_picture_is_and_lays_transparency_on_white(tmp_path: Path):
    assert write(tmp_path / "a.jpg", noise(1), "jpg").mode == "L"
    clear = np.zeros((16, 16, 4), np.uint16)
    clear[:, 8:, 3] = 65535
    image = write(tmp_path / "b.jpg", clear, "jpg")
    assert np.asarray(image)[:, [0, 15]].tolist() == [[[255] * 3, [0] * 3]] * 16
    lost = check_format(shape_of(clear), "jpg")
    assert lost == ["16 bits rounded to 8", "transparency laid on white"]


def test_webp_keeps_transparency(tmp_path: Path):
    pixels = noise(4)
    pixels[..., 3] = 0
    pixels[:, 15:, 3] = 255
    alpha = np.asarray(write(tmp_path / "a.webp", pixels, "webp"))[..., 3]
    np.testing.assert_array_equal(alpha, pixels[..., 3])


def test_what_a_format_cannot_hold_is_refused_with_one_that_can():
    with pytest.raises(ImageError, match=r"webp file has at most 16383 px .* take --format png"):
        check_format(Shape(10, 16_384, 3, np.dtype(np.uint8)), "webp")


def test_a_failure_in_the_middle_leaves_what_was_there(tmp_path: Path):
    path = tmp_path / "a.png"
    path.write_bytes(b"former")

    def strips() -> Iterator[np.ndarray]:
        yield noise(3)[:7]
        raise ImageError("no more", reason="unreadable")

    with pytest.raises(ImageError, match="no more"):
        write_picture(path, strips(), shape_of(noise(3)), "png", Metadata())
    assert [each.name for each in tmp_path.iterdir()] == ["a.png"]
    assert path.read_bytes() == b"former"


def test_what_a_killed_run_left_beside_is_removed(tmp_path: Path):
    (tmp_path / ".a [1].png.x8y.part").write_bytes(b"half")
    (tmp_path / ".b.png.x8y.part").write_bytes(b"another's")
    write(tmp_path / "a [1].png", noise(3), "png")
    assert sorted(each.name for each in tmp_path.iterdir()) == [".b.png.x8y.part", "a [1].png"]
