"""What a picture says goes with it, but for what would no longer be true."""

from __future__ import annotations

import io

from PIL import Image

from lienet.pictures.metadata import Metadata, read_metadata, read_signature, sign
from tests.pictures.made import make_exif, noise, save

XMP = b'<x:xmpmeta><rdf:Description tiff:Orientation="6" dc:title="a"/></x:xmpmeta>'


def read(content: bytes) -> Metadata:
    with Image.open(io.BytesIO(content)) as image:
        image.load()
        return read_metadata(image)


def test_camera_and_time_stay_and_orientation_and_size_do_not():
    found = read(save(noise(3), "JPEG", exif=make_exif(6), icc_profile=b"profile", xmp=XMP))
    exif = Image.Exif()
    exif.load(found.exif_block)
    assert (exif[0x0112], exif[0x010F]) == (1, "a camera")
    assert dict(exif.get_ifd(0x8769)) == {0x9003: "2020:01:02 03:04:05"}
    assert 0x0100 not in exif
    assert found.icc_profile == b"profile"
    assert found.xmp == XMP.replace(b'"6"', b'"1"')


def test_the_layout_of_a_tiff_is_not_taken_for_metadata():
    exif = Image.Exif()
    exif.load(read(save(noise(3), "TIFF", exif=make_exif(1))).exif_block)
    assert {tag for tag in exif if 0x0100 <= tag < 0x0120} == {0x010F, 0x0112}


def test_a_picture_without_any_has_none_and_broken_exif_is_left_out():
    assert read(save(noise(3), "PNG")) == Metadata()
    assert read(save(noise(3), "PNG", exif=b"Exif\0\0MM\0*\xff\xff\xff\xff!")).exif == b""


def test_a_signature_is_read_again_and_nothing_else_is_lost():
    before = read(save(noise(3), "JPEG", exif=make_exif(1)))
    after = sign(before, "made by a test")
    with Image.open(io.BytesIO(save(noise(3), "JPEG", exif=after.exif_block))) as image:
        assert read_signature(image) == "made by a test"
        assert image.getexif()[0x010F] == "a camera"
    with Image.open(io.BytesIO(save(noise(3), "JPEG"))) as image:
        assert read_signature(image) is None
