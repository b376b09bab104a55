"""Files are verified by size, hash and structure; headers are read as servers mean them."""

from __future__ import annotations

import base64
import hashlib
import io

import numpy as np
import pytest
from PIL import Image

from lienet.transfer.requests import RemoteFile
from lienet.transfer.verification import (
    Body,
    FileHeaders,
    find_fault,
    md5_of_pixels,
    read_file_headers,
)

MD5 = hashlib.md5(b"content").hexdigest()
MD5_BASE64 = base64.b64encode(bytes.fromhex(MD5)).decode()


def encode(format: str, **options: object) -> bytes:
    stream = io.BytesIO()
    noise = np.random.default_rng(0).integers(0, 256, (64, 64, 3), dtype=np.uint8)
    Image.fromarray(noise).save(stream, format, **options)
    return stream.getvalue()


def verify(content: bytes, server_md5: str = "", **known: object) -> str:
    """Return why a file is refused, or an empty text."""
    body = Body(
        len(content),
        hashlib.sha256(content).hexdigest(),
        hashlib.md5(content).hexdigest(),
        content,
    )
    fault = find_fault(RemoteFile("http://a", "a.jpg", **known), body, server_md5)  # type: ignore[arg-type]
    return fault.reason if fault else ""


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ({"x-goog-hash": f"md5={MD5_BASE64}"}, MD5),
        ({"x-goog-hash": f"crc32c=yZRlqg==,md5={MD5_BASE64}"}, MD5),
        ({"x-goog-hash": "crc32c=yZRlqg=="}, ""),
        ({"x-goog-hash": "md5=???"}, ""),
        ({"x-goog-hash": f"md5={MD5_BASE64}", "x-goog-stored-content-encoding": "gzip"}, ""),
        ({"etag": f'"{MD5}"', "server": "AmazonS3"}, MD5),
        ({"etag": f'"{MD5}"', "x-amz-request-id": "1"}, MD5),
        ({"etag": f'"{MD5}"'}, ""),
        ({"etag": f'"{MD5}-12"', "server": "AmazonS3"}, ""),
        ({"etag": f'W/"{MD5}"', "server": "AmazonS3"}, ""),
        (
            {"etag": f'"{MD5}"', "server": "AmazonS3", "x-amz-server-side-encryption": "AES256"},
            MD5,
        ),
        (
            {"etag": f'"{MD5}"', "server": "AmazonS3", "x-amz-server-side-encryption": "aws:kms"},
            "",
        ),
        (
            {
                "etag": f'"{MD5}"',
                "server": "AmazonS3",
                "x-amz-server-side-encryption-customer-algorithm": "AES256",
            },
            "",
        ),
    ],
)
def test_md5_is_read_from_google_and_s3_headers(headers: dict[str, str], expected: str):
    assert read_file_headers(headers).md5 == expected


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ({}, FileHeaders(None, "", "", "")),
        ({"content-length": "12", "etag": '"a"'}, FileHeaders(12, "", '"a"', "")),
        ({"etag": 'W/"a"', "last-modified": "yesterday"}, FileHeaders(None, "", "yesterday", "")),
        ({"content-encoding": "identity"}, FileHeaders(None, "", "", "")),
        ({"content-encoding": "GZIP", "content-length": "x"}, FileHeaders(None, "", "", "gzip")),
    ],
)
def test_length_version_and_encoding_are_read(headers: dict[str, str], expected: FileHeaders):
    assert read_file_headers(headers) == expected


@pytest.mark.parametrize("format", ["JPEG", "PNG", "WEBP", "TIFF"])
def test_truncated_image_is_noticed(format: str):
    content = encode(format)
    assert verify(content) == ""
    for length in (len(content) // 2, len(content) - 1):
        assert verify(content[:length]) == "truncated", length


def test_png_with_a_changed_byte_is_noticed_without_a_hash():
    content = bytearray(encode("PNG"))
    content[len(content) // 2] ^= 1
    assert verify(bytes(content)) == "truncated"


def test_bytes_after_the_end_of_a_jpeg_are_accepted():
    assert verify(encode("JPEG") + b"trailing") == ""


@pytest.mark.parametrize(
    ("content", "known", "reason"),
    [
        (b"", {}, "empty"),
        (b"", {"size_bytes": 0, "is_image": False}, ""),
        (b"<!DOCTYPE html><p>", {}, "html"),
        (b"\n <HTML>", {"is_image": False}, "html"),
        (b'<?xml version="1.0"?><!DOCTYPE html>', {"is_image": False}, "html"),
        (b"<svg/>", {}, "not an image"),
        (b"id,url\n<html>", {"is_image": False}, ""),
        (b"abc", {"is_image": False, "size_bytes": 4}, "truncated"),
        (b"abc", {"is_image": False, "size_bytes": 2}, "wrong size"),
        (b"abc", {"is_image": False, "sha256": "0" * 64}, "wrong sha256"),
        (b"abc", {"is_image": False, "md5": "0" * 32}, "wrong md5"),
    ],
)
def test_size_kind_and_hashes_are_checked(content: bytes, known: dict[str, object], reason: str):
    assert verify(content, **known) == reason


def test_a_server_md5_counts_only_where_nothing_better_is_known():
    assert verify(b"abc", "0" * 32, is_image=False) == "wrong md5"
    sha256 = hashlib.sha256(b"abc").hexdigest()
    assert verify(b"abc", "0" * 32, is_image=False, sha256=sha256) == ""


def test_pixel_md5_or_file_md5_suffices():
    content, other = encode("PNG", compress_level=1), encode("PNG", compress_level=9)
    pixel_md5 = hashlib.md5(np.array(Image.open(io.BytesIO(content))).tobytes()).hexdigest()
    assert md5_of_pixels(other) == pixel_md5
    file_md5 = hashlib.md5(content).hexdigest()
    assert verify(other, pixel_md5=pixel_md5) == ""
    assert verify(other, md5=file_md5, pixel_md5=pixel_md5) == ""
    assert verify(content, md5=file_md5, pixel_md5="0" * 32) == ""
    assert verify(other, md5=file_md5, pixel_md5="0" * 32) == "wrong pixel md5"
    assert verify(content[:200], pixel_md5=pixel_md5) == "unreadable image"
