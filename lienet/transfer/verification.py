"""Verification of received files: size, hashes, and for an image that it is one and whole.

What a server says of its own file counts where nothing better is known: Google Cloud Storage sends
its MD5 as ``x-goog-hash``, S3 as the ETag of objects that were uploaded in one piece and are not
encrypted with a key of KMS or the customer.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import io
import re
import struct
import zlib
from collections.abc import Mapping
from dataclasses import dataclass

from lienet.errors import ImageError
from lienet.images import SIGNATURE_BYTES, probe_image, sniff_format
from lienet.transfer.requests import Fault, RemoteFile

_PLAIN_MD5 = re.compile(r'"([0-9a-f]{32})"')
_HTML = re.compile(
    rb"\s*(<!doctype\s+html|<html|<head|<body|<\?xml[^>]*>\s*<!doctype\s+html)", re.I
)
_MAX_PROBED_PIXELS = 2**30


@dataclass(frozen=True, slots=True)
class FileHeaders:
    """What a response's headers say of the file that is sent."""

    length_bytes: int | None
    """Of this answer's body."""
    md5: str
    """Lower-case hex, of the whole file; empty if they do not say."""
    version: str
    """What the If-Range of a later request can hold: a strong tag, or a date."""
    encoding: str
    """A compression of the body, which was not asked for."""


@dataclass(frozen=True, slots=True)
class Body:
    """A received file, as far as verification needs it."""

    size_bytes: int
    sha256: str
    md5: str
    content: bytes
    """All of it where it must be an image; else at least the first KiB."""


def read_file_headers(headers: Mapping[str, str]) -> FileHeaders:
    """Read what a response's headers say of the file."""
    length = headers.get("content-length", "")
    encoding = headers.get("content-encoding", "").strip().lower()
    return FileHeaders(
        length_bytes=int(length) if length.isdecimal() else None,
        md5=_read_google_md5(headers) or _read_s3_md5(headers),
        version=_read_version(headers),
        encoding="" if encoding == "identity" else encoding,
    )


def _read_google_md5(headers: Mapping[str, str]) -> str:
    if headers.get("x-goog-stored-content-encoding", "identity") != "identity":
        return ""  # of the stored bytes, not of those sent
    for entry in headers.get("x-goog-hash", "").split(","):
        name, _, value = entry.strip().partition("=")
        if name == "md5":
            try:
                return base64.b64decode(value, validate=True).hex()
            except binascii.Error:
                return ""
    return ""


def _read_s3_md5(headers: Mapping[str, str]) -> str:
    if "x-amz-request-id" not in headers and headers.get("server") != "AmazonS3":
        return ""  # other servers put other things into a tag of this form
    if headers.get("x-amz-server-side-encryption", "AES256") != "AES256":
        return ""
    if "x-amz-server-side-encryption-customer-algorithm" in headers:
        return ""
    found = _PLAIN_MD5.fullmatch(headers.get("etag", ""))
    return found.group(1) if found else ""


def _read_version(headers: Mapping[str, str]) -> str:
    tag = headers.get("etag", "")
    return tag if tag.startswith('"') else headers.get("last-modified", "")


def find_fault(expected: RemoteFile, body: Body, server_md5: str = "") -> Fault | None:
    """Return why a body is not the file expected, the clearest reason first; None if it is."""
    if not body.size_bytes and expected.size_bytes != 0:
        return Fault("empty", "the body is empty", is_content=True)
    return (
        _find_kind_fault(expected, body)
        or _find_size_fault(expected, body)
        or _find_hash_fault(expected, body, server_md5)
        or _find_image_fault(expected, body)
    )


def _find_kind_fault(expected: RemoteFile, body: Body) -> Fault | None:
    head = body.content[:1024]
    is_page = _HTML.match(head) is not None
    if expected.is_image:
        if sniff_format(head[:SIGNATURE_BYTES]) is not None:
            return None
        reason = "html" if is_page else "not an image"
        return Fault(reason, f"the body begins with {head[:16]!r}", is_content=True)
    if is_page and not expected.name.lower().endswith((".html", ".htm")):
        return Fault("html", "the body is a web page", is_content=True)
    return None


def _find_size_fault(expected: RemoteFile, body: Body) -> Fault | None:
    if expected.size_bytes is None or body.size_bytes == expected.size_bytes:
        return None
    if body.size_bytes < expected.size_bytes:
        what = f"only {body.size_bytes} of {expected.size_bytes} bytes came"
        return Fault("truncated", what)
    what = f"{body.size_bytes} bytes came, expected {expected.size_bytes}"
    return Fault("wrong size", what, is_content=True)


def _find_hash_fault(expected: RemoteFile, body: Body, server_md5: str) -> Fault | None:
    if expected.sha256 is not None:
        return _compare("sha256", expected.sha256, body.sha256, body)
    if expected.md5 is not None or expected.pixel_md5 is not None:
        if expected.pixel_md5 is None or expected.md5 == body.md5:
            return _compare("md5", expected.md5 or "", body.md5, body)
        try:
            got = md5_of_pixels(body.content)
        except Exception as error:  # broken bytes raise almost anything from inside a decoder
            return Fault("unreadable image", str(error), is_content=True)
        return _compare("pixel md5", expected.pixel_md5, got, body)
    return _compare("md5", server_md5, body.md5, body) if server_md5 else None


def _compare(name: str, expected: str, got: str, body: Body) -> Fault | None:
    if expected == got:
        return None
    what = f"expected {name} {expected}, got {got} for {body.size_bytes} bytes"
    return Fault(f"wrong {name}", what, is_content=True)


def _find_image_fault(expected: RemoteFile, body: Body) -> Fault | None:
    if not expected.is_image or expected.has_hash:
        return None
    if _is_whole(body.content):
        return None
    if sniff_format(body.content[:SIGNATURE_BYTES]) == "png":  # decoders take some cut ones
        return Fault("truncated", "the chunks of the PNG are not whole", is_content=True)
    try:
        probe_image(body.content, max_pixels=_MAX_PROBED_PIXELS)
    except ImageError as error:
        if error.reason == "unreadable":
            return Fault("truncated", str(error), is_content=True)
    return None


def _is_whole(content: bytes) -> bool:
    """Tell by its structure, without decoding, that an image is whole; False where unsure."""
    kind = sniff_format(content[:SIGNATURE_BYTES])
    if kind == "jpeg":
        return content.endswith(b"\xff\xd9")
    if kind == "webp":
        return len(content) >= 12 and struct.unpack("<I", content[4:8])[0] + 8 == len(content)
    return kind == "png" and _is_whole_png(content)


def _is_whole_png(content: bytes) -> bool:
    """Walk a PNG's chunks, each with its checksum, up to its end chunk."""
    view, at = memoryview(content), 8
    while at + 12 <= len(view):
        (length,) = struct.unpack(">I", view[at : at + 4])
        end = at + 12 + length
        if end > len(view):
            return False
        if zlib.crc32(view[at + 4 : end - 4]) != struct.unpack(">I", view[end - 4 : end])[0]:
            return False
        if content[at + 4 : at + 8] == b"IEND":
            return True
        at = end
    return False


def md5_of_pixels(content: bytes) -> str:
    """Return the MD5 of an image's samples as Pillow opens it, which is FFHQ's ``pixel_md5``."""
    import numpy as np
    from PIL import Image

    with Image.open(io.BytesIO(content)) as image:
        return hashlib.md5(np.array(image).tobytes(), usedforsecurity=False).hexdigest()
