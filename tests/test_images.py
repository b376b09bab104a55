"""Every kind of file that a folder of photographs may hold is read rightly or refused by name."""

from __future__ import annotations

import io
import pickle
import struct
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tifffile
import torch
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from lienet.errors import ImageError
from lienet.images import (
    Pixels,
    decode_image,
    encode_jpeg,
    encode_png,
    probe_image,
    sniff_format,
    to_tensor,
)

GENERATOR = np.random.default_rng(7)
COLOURS: Pixels = GENERATOR.integers(0, 256, (5, 7, 3), dtype=np.uint8)
DEEP: Pixels = GENERATOR.integers(0, 65536, (5, 7, 3), dtype=np.uint16)
# 16 bits become 8 by dividing by 257 and rounding: 128 is the last that rounds to 0 (128 / 257 =
# 0.498), 65407 the first that rounds to 255; cutting the low byte off would give 0, 0, 127 and 255.
DEEP[0, 0], DEEP[0, 1] = (128, 129, 32767), (65406, 65407, 65535)
ROUNDED = np.rint(DEEP / 257.0).astype(np.uint8)
GREY, ROUNDED_GREY = (np.stack([pixels[..., 0]] * 3, axis=2) for pixels in (COLOURS, ROUNDED))
# What turns the orientations 1 to 8 of EXIF upright.
UPRIGHT = [lambda a: a, np.fliplr, lambda a: np.rot90(a, 2), np.flipud]
UPRIGHT += [lambda a: a.transpose(1, 0, 2), lambda a: np.rot90(a, -1)]
UPRIGHT += [lambda a: np.rot90(a, 2).transpose(1, 0, 2), np.rot90]


def save(image: Image.Image | Pixels, kind: str, **options: Any) -> bytes:
    stream = io.BytesIO()
    image = image if isinstance(image, Image.Image) else Image.fromarray(image)
    image.save(stream, kind, **options)
    return stream.getvalue()


def save_frames(kind: str) -> bytes:
    return save(COLOURS, kind, save_all=True, append_images=[Image.fromarray(COLOURS[::-1].copy())])


def make_png(samples: Pixels, colour_type: int, size: Any = None, **extra: bytes) -> bytes:
    """Spell a PNG out, chunk by chunk; ``size`` lies about its width and height."""
    width_px, height_px = size or samples.shape[1::-1]
    depth = samples.dtype.itemsize * 8
    header = struct.pack(">IIBBBBB", width_px, height_px, depth, colour_type, 0, 0, 0)
    rows = b"".join(b"\0" + row.astype(row.dtype.newbyteorder(">")).tobytes() for row in samples)
    chunks = {"IHDR": header, **extra, "IDAT": zlib.compress(rows), "IEND": b""}
    content = b"\x89PNG\r\n\x1a\n"
    for name, body in chunks.items():
        named = name.encode() + body
        content += struct.pack(">I", len(body)) + named + struct.pack(">I", zlib.crc32(named))
    return content


def make_tiff(samples: Pixels, photometric: str, orientation: int = 1, **options: Any) -> bytes:
    stream = io.BytesIO()
    tags = [(274, "H", 1, orientation, True)]
    tifffile.imwrite(stream, samples, photometric=photometric, extratags=tags, **options)
    return stream.getvalue()


def with_alpha(pixels: Pixels, *, hole: bool) -> Pixels:
    alpha = np.full((*pixels.shape[:2], 1), np.iinfo(pixels.dtype).max, pixels.dtype)
    alpha[2, 3] = 0 if hole else alpha[2, 3]
    return np.concatenate([pixels, alpha], axis=2)


def words(*values: int) -> bytes:
    return struct.pack(f">{len(values)}H", *values)


READ = {
    "png": (save(COLOURS, "PNG"), COLOURS),
    "webp": (save(COLOURS, "WEBP", lossless=True), COLOURS),
    "tiff": (save(COLOURS, "TIFF"), COLOURS),
    "lzw tiff": (save(COLOURS, "TIFF", compression="tiff_lzw"), COLOURS),
    "grey png": (save(COLOURS[..., 0], "PNG"), GREY),
    "grey tiff": (make_tiff(COLOURS[..., 0], "minisblack"), GREY),
    "grey tiff from white": (make_tiff(255 - COLOURS[..., 0], "miniswhite"), GREY),
    "16-bit png": (make_png(DEEP, 2), ROUNDED),
    "16-bit png with gamma": (make_png(DEEP, 2, gAMA=words(0, 45455)), ROUNDED),
    "16-bit tiff": (make_tiff(DEEP, "rgb"), ROUNDED),
    "16-bit grey png": (make_png(DEEP[..., 0], 0), ROUNDED_GREY),
    "16-bit grey tiff": (make_tiff(DEEP[..., 0], "minisblack"), ROUNDED_GREY),
    "16-bit from white": (make_tiff(65535 - DEEP[..., 0], "miniswhite"), ROUNDED_GREY),
    "opaque alpha": (make_png(with_alpha(COLOURS, hole=False), 6), COLOURS),
    "16-bit opaque alpha": (make_png(with_alpha(DEEP, hole=False), 6), ROUNDED),
    "colour key of no pixel": (make_png(COLOURS, 2, tRNS=words(300, 0, 0)), COLOURS),
    "16-bit colour key of no pixel": (make_png(DEEP, 2, tRNS=words(1, 2, 3)), ROUNDED),
    "broken exif": (save(COLOURS, "PNG", exif=b"Exif\0\0MM\0*\xff\xff\xff\xff!"), COLOURS),
}
NOISE = GENERATOR.integers(0, 256, (64, 64, 3), dtype=np.uint8)
WHOLE = {kind: save(NOISE, kind) for kind in ("JPEG", "PNG", "WEBP", "TIFF")}
HEADS = [b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"II*\0", b"RIFFxxxxWEBP"]
REFUSED = {
    "nothing": (b"", "empty"),
    "text": (b"Dear diary", "unsupported_format"),
    "zeros": (bytes(100), "unsupported_format"),
    "bmp": (save(COLOURS, "BMP"), "unsupported_format"),
    "gif": (save(COLOURS, "GIF"), "unsupported_format"),
    "signed tiff": (make_tiff(DEEP[..., 0].astype(np.int16), "minisblack"), "unsupported_format"),
    "32-bit tiff": (make_tiff(DEEP[..., 0].astype(np.uint32), "minisblack"), "unsupported_format"),
    "16-bit planes": (
        make_tiff(DEEP.transpose(2, 0, 1), "rgb", planarconfig="separate"),
        "unsupported_format",
    ),
    "lab tiff": (save(Image.new("LAB", (4, 4)), "TIFF"), "unsupported_format"),
    "bomb": (make_png(COLOURS, 2, size=(100_000, 100_000)), "too_large"),  # 30 GB, if decoded
    **{
        f"{kind} of two": (save_frames(kind), "animated") for kind in ("GIF", "PNG", "WEBP", "TIFF")
    },
    **{
        f"{share} of {kind}": (content[: int(len(content) * share)], "unreadable")
        for kind, content in WHOLE.items()
        for share in (0.02, 0.5, 0.95)
    },
    **{f"head {head!r}": (head, "unreadable") for head in HEADS},
    **{f"broken {head!r}": (head + bytes(range(256)) * 4, "unreadable") for head in HEADS},
    "rgba": (make_png(with_alpha(COLOURS, hole=True), 6), "transparent"),
    "rgba16": (make_png(with_alpha(DEEP, hole=True), 6), "transparent"),
    "la": (make_png(with_alpha(COLOURS[..., :1], hole=True), 4), "transparent"),
    "la16": (make_png(with_alpha(DEEP[..., :1], hole=True), 4), "transparent"),
    "key": (make_png(COLOURS, 2, tRNS=words(*COLOURS[2, 2])), "transparent"),
    "key16": (make_png(DEEP, 2, tRNS=words(*DEEP[2, 2])), "transparent"),
    "grey key16": (make_png(DEEP[..., 0], 0, tRNS=words(DEEP[2, 2, 0])), "transparent"),
    "palette": (make_png(COLOURS[..., 0] % 2, 3, PLTE=bytes(6), tRNS=b"\xff\0"), "transparent"),
    "webp": (save(with_alpha(COLOURS, hole=True), "WEBP", lossless=True), "transparent"),
    "tiff": (save(with_alpha(COLOURS, hole=True), "TIFF"), "transparent"),
}


@pytest.mark.parametrize("name", READ)
def test_photographs_give_the_very_pixels(name: str) -> None:
    content, expected = READ[name]
    decoded = decode_image(content)
    np.testing.assert_array_equal(decoded, expected)
    assert decoded.dtype == np.uint8
    assert decoded.flags.writeable
    assert decoded.flags.c_contiguous


def test_16_bits_are_rounded_not_cut() -> None:
    assert decode_image(READ["16-bit png"][0])[0, :2].tolist() == [[0, 1, 127], [254, 255, 255]]


@pytest.mark.parametrize("name", REFUSED)
def test_anything_else_is_refused_by_name(name: str) -> None:
    content, reason = REFUSED[name]
    for read in (decode_image, probe_image):
        with pytest.raises(ImageError) as caught:
            read(content)
        assert caught.value.reason == reason
        assert "\n" not in str(caught.value)


@pytest.mark.parametrize("kind", WHOLE)
def test_true_format_and_size_are_told_and_the_limit_is_the_callers(kind: str) -> None:
    info = probe_image(WHOLE[kind], max_pixels=4096)
    assert (info.format, info.width_px, info.height_px) == (kind.lower(), 64, 64)
    extensions = {"JPEG": "jpg", "PNG": "png", "WEBP": "webp", "TIFF": "tif"}
    assert info.extension == extensions[kind]
    with pytest.raises(ImageError, match="at most 4095 pixels, got 64x64") as caught:
        decode_image(WHOLE[kind], max_pixels=4095)
    assert caught.value.reason == "too_large"


def test_two_colours_become_black_and_white() -> None:
    image = Image.fromarray(np.array([[0, 255], [255, 0]], np.uint8)).convert("1")
    decoded = decode_image(save(image, "PNG"))
    np.testing.assert_array_equal(decoded[..., 1], [[0, 255], [255, 0]])


def test_palette_becomes_its_colours() -> None:
    indices = np.array([[0, 1], [1, 0]], np.uint8)
    decoded = decode_image(make_png(indices, 3, PLTE=bytes([10, 20, 30, 40, 50, 60])))
    assert decoded.tolist() == [[[10, 20, 30], [40, 50, 60]], [[40, 50, 60], [10, 20, 30]]]


@pytest.mark.parametrize("kind", ["JPEG", "TIFF"])
def test_cmyk_is_not_inverted(kind: str) -> None:
    # Cyan full, magenta half, no yellow, black a fifth: red 0, green (1 - .5)(1 - .2), blue .8.
    image = Image.new("CMYK", (16, 16), (255, 128, 0, 51))
    options = {"quality": 100} if kind == "JPEG" else {}
    decoded = decode_image(save(image, kind, **options))
    np.testing.assert_allclose(decoded[8, 8].astype(int), [0, 102, 204], atol=1)


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("kind", ["PNG", "WEBP", "TIFF", "deep TIFF", "deep grey TIFF"])
def test_rotated_photographs_come_upright(kind: str, orientation: int) -> None:
    exif = Image.Exif()
    exif[0x0112] = orientation
    if kind == "deep TIFF":
        content, pixels = make_tiff(DEEP, "rgb", orientation), ROUNDED
    elif kind == "deep grey TIFF":
        content, pixels = make_tiff(DEEP[..., 0], "minisblack", orientation), ROUNDED_GREY
    elif kind == "TIFF":
        content, pixels = make_tiff(COLOURS, "rgb", orientation), COLOURS
    else:
        content, pixels = save(COLOURS, kind, exif=exif, lossless=True), COLOURS
    expected = UPRIGHT[orientation - 1](pixels)
    np.testing.assert_array_equal(decode_image(content), expected)
    info = probe_image(content)
    assert (info.height_px, info.width_px) == expected.shape[:2]


def test_rotated_jpeg_comes_upright() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # the camera lay on its side: the left edge is the top
    pixels = np.zeros((16, 32, 3), np.uint8)
    pixels[:, :16] = 255
    decoded = decode_image(save(pixels, "JPEG", exif=exif))
    assert decoded.shape == (32, 16, 3)
    assert decoded[:14].min() > 240
    assert decoded[18:].max() < 15


def test_second_picture_of_a_phone_is_ignored() -> None:
    pictures = [Image.new("RGB", (16, 16), colour) for colour in ("white", "black")]
    content = save(pictures[0], "MPO", save_all=True, append_images=pictures[1:])
    assert probe_image(content).format == "jpeg"
    assert decode_image(content).min() > 250


def test_changed_byte_in_a_png_is_noticed() -> None:
    content = bytearray(make_png(COLOURS, 2))
    content[60] ^= 0xFF  # inside the compressed pixels, which are stored: it still inflates
    with pytest.raises(ImageError, match="not a whole png file") as caught:
        probe_image(bytes(content))
    assert caught.value.reason == "unreadable"


def test_reasons_survive_the_trip_between_processes() -> None:
    with pytest.raises(ImageError) as caught:
        decode_image(b"")
    again = pickle.loads(pickle.dumps(caught.value))
    assert (again.reason, str(again)) == (caught.value.reason, str(caught.value))


def test_png_is_lossless_and_the_same_bytes_each_time() -> None:
    assert encode_png(COLOURS) == encode_png(COLOURS.copy())
    np.testing.assert_array_equal(decode_image(encode_png(COLOURS)), COLOURS)


@pytest.mark.parametrize(
    ("chroma", "sampling"), [("4:4:4", 0x11), ("4:2:2", 0x21), ("4:2:0", 0x22)]
)
def test_jpeg_has_the_chroma_and_quality_asked_for(chroma: Any, sampling: int) -> None:
    content = encode_jpeg(COLOURS, quality=20, chroma=chroma)
    frame = content.index(b"\xff\xc0")  # a baseline frame; its first component is luma
    assert content[frame + 11] == sampling
    # IJG's luma table begins with 16; quality 20 scales by 5000 / 20 = 250 percent.
    assert content[content.index(b"\xff\xdb") + 5] == 40


@pytest.mark.parametrize(("pixels", "largest"), [(COLOURS, 255.0), (DEEP, 65535.0)])
def test_tensors_are_planes_between_0_and_1(pixels: Pixels, largest: float) -> None:
    tensor = to_tensor(pixels)
    assert tensor.shape == (1, 3, 5, 7)
    assert tensor.dtype == torch.float32
    assert tensor[0, 1, 4, 6].item() == pytest.approx(pixels[4, 6, 1] / largest, abs=1e-7)


@pytest.mark.parametrize("head", [b"", b"RIFF", b"RIFFxxxxWAVE", b"\x89PNG"])
def test_half_a_signature_is_none(head: bytes) -> None:
    assert sniff_format(head) is None


def test_real_photographs_are_read(real_data: Path) -> None:
    photographs = sorted((real_data / "test" / "kodak24").iterdir())[:3]
    infos = [probe_image(path.read_bytes()) for path in photographs]
    assert {(info.format, info.width_px, info.height_px) for info in infos} <= {
        ("webp", 768, 512),
        ("webp", 512, 768),
    }


def test_a_png_with_megabytes_of_text_or_profile_is_read_up_to_a_bound():
    def with_text(size_bytes: int) -> bytes:
        (notes := PngInfo()).add_text("notes", "a" * size_bytes, zip=True)
        return save(COLOURS, "PNG", pnginfo=notes)

    for content in (with_text(3_000_000), save(COLOURS, "PNG", icc_profile=bytes(3_000_000))):
        assert np.array_equal(decode_image(content), COLOURS)
    with pytest.raises(ImageError, match="Decompressed data too large"):
        decode_image(with_text(20_000_000))
