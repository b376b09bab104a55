"""A picture comes as it is: its depth, its transparency, upright; what is converted is said."""

from __future__ import annotations

import io
import sys

import cv2
import numpy as np
import pytest
from PIL import Image, ImageCms

from lienet.errors import ImageError
from lienet.images import decode_image
from lienet.pictures.decoding import decode_picture, find_signature
from tests.pictures.made import make_exif, noise, save


@pytest.mark.parametrize("channels", [1, 2, 3, 4])
@pytest.mark.parametrize("kind", ["PNG", "TIFF"])
def test_grey_and_alpha_are_kept(channels: int, kind: str):
    pixels = noise(channels)
    mode = ["L", "LA", "RGB", "RGBA"][channels - 1]
    image = Image.frombytes(mode, (30, 20), pixels.tobytes())
    picture = decode_picture(save(image, kind))
    np.testing.assert_array_equal(picture.pixels, pixels)
    assert picture.remarks == ()


@pytest.mark.parametrize("channels", [1, 3, 4])
def test_sixteen_bits_are_kept(channels: int):
    pixels = noise(channels, np.uint16)
    swapped = pixels[..., [2, 1, 0, 3][:channels]] if channels > 1 else pixels
    content = cv2.imencode(".png", swapped)[1].tobytes()
    picture = decode_picture(content)
    np.testing.assert_array_equal(picture.pixels, pixels)


@pytest.mark.parametrize("kind", ["PNG", "WEBP", "AVIF"])
def test_pictures_come_upright(kind: str):
    pixels = np.zeros((16, 32, 3), np.uint8)
    pixels[:, :16] = 255  # the camera lay on its side: the left edge is the top
    picture = decode_picture(save(pixels, kind, exif=make_exif(6)))
    assert picture.pixels.shape == (32, 16, 3)
    assert picture.pixels[:14].min() > 240
    assert picture.pixels[18:].max() < 15


def test_a_palette_is_converted_and_said():
    image = Image.fromarray(noise(3)).quantize(8)
    picture = decode_picture(save(image, "PNG"))
    np.testing.assert_array_equal(picture.pixels, np.asarray(image.convert("RGB")))
    assert picture.remarks == ("palette converted to RGB",)


def test_cmyk_is_converted_and_said():
    image = Image.new("CMYK", (16, 16), (255, 128, 0, 51))
    content = save(image, "JPEG", quality=100, icc_profile=b"no profile")
    picture = decode_picture(content)
    np.testing.assert_allclose(picture.pixels[8, 8].astype(int), [0, 102, 204], atol=1)
    assert picture.remarks == ("CMYK converted to RGB",)
    assert picture.metadata.icc_profile == b""


def test_a_profile_of_rgb_is_kept_and_the_pixels_are_as_they_came():
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    pixels = noise(3)
    picture = decode_picture(save(pixels, "PNG", icc_profile=profile))
    np.testing.assert_array_equal(picture.pixels, pixels)
    assert picture.metadata.icc_profile == profile


def test_two_colours_stay_grey():
    image = Image.fromarray(noise(1)[..., 0]).convert("1")
    assert decode_picture(save(image, "PNG")).pixels.shape == (20, 30, 1)


def test_a_colour_declared_transparent_becomes_alpha():
    image = Image.new("RGB", (4, 4), (1, 2, 3))
    image.putpixel((0, 0), (9, 9, 9))
    picture = decode_picture(save(image, "PNG", transparency=(9, 9, 9)))
    assert picture.pixels[..., 3].tolist()[0] == [0, 255, 255, 255]


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "empty"),
        (b"Dear diary", "unsupported_format"),
        (save(noise(3), "PNG")[:200], "unreadable"),
        (save(noise(3), "GIF"), "unsupported_format"),
        (
            save(noise(3), "WEBP", save_all=True, append_images=[Image.new("RGB", (30, 20))]),
            "animated",
        ),
    ],
)
def test_the_rest_is_refused_in_one_line(content: bytes, reason: str):
    with pytest.raises(ImageError) as caught:
        decode_picture(content)
    assert caught.value.reason == reason
    assert "\n" not in str(caught.value)


def test_a_file_of_floats_is_whole_and_not_read():
    content = cv2.imencode(".tiff", np.zeros((4, 5, 3), np.float32))[1].tobytes()
    with pytest.raises(ImageError, match="tiff files of such pixels are not read"):
        decode_picture(content)


def test_heic_without_its_package_is_one_line(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setitem(sys.modules, "pillow_heif", None)
    with pytest.raises(ImageError, match="pip install pillow-heif"):
        decode_picture(b"\0\0\0\x18ftypheic" + bytes(100))


def test_the_pipeline_s_decoder_agrees():
    content = save(noise(3), "JPEG", exif=make_exif(8))
    np.testing.assert_array_equal(decode_picture(content).pixels, decode_image(content))


def test_only_what_was_signed_has_a_signature():
    exif = Image.Exif()
    exif[0x000B] = "lienet, a network"
    assert find_signature(save(noise(3), "PNG", exif=exif)) == "lienet, a network"
    assert find_signature(save(noise(3), "PNG")) is None
    assert find_signature(io.BytesIO(b"text").getvalue()) is None
