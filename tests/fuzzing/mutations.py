"""Broken variants of sound files, as strategies of hypothesis, which shrinks what it finds."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Sequence

from hypothesis import strategies as st

PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_PARTS = 10_000
_TELLING = (
    b"\x00",
    b"\xff",
    b"\xff\xff\xff\xff",
    b"\x7f\xff\xff\xff",
    b"\x00\x00\x00\x00",
    b"\n",
    b'"',
    b",",
    b"\xc3\x28",
    b"[" * 300,
    b"9" * 40,
    b"-1",
    b"1e999",
    b"NaN",
    b"&a [*a]",
    b"../",
)
"""Ends of ranges, marks of syntax, and what is no UTF-8."""

_pieces = st.one_of(st.sampled_from(_TELLING), st.binary(min_size=1, max_size=8))
_places = st.integers(0, _PARTS)


@st.composite
def break_files(draw: st.DrawFn, seeds: Sequence[bytes]) -> bytes:
    """Return a strategy of one of these files with up to six changes, some of two files joined."""
    content = draw(st.sampled_from(seeds))
    for _ in range(draw(st.integers(1, 6))):
        content = _change(draw, content, seeds)
    if content.startswith(PNG_SIGNATURE) and draw(st.booleans()):
        return mend_png(content)
    return content


def _change(draw: st.DrawFn, content: bytes, seeds: Sequence[bytes]) -> bytes:
    at = draw(_places) * len(content) // _PARTS
    match draw(st.sampled_from(("replace", "insert", "cut", "shorten", "repeat", "join"))):
        case "replace":
            piece = draw(_pieces)
            return content[:at] + piece + content[at + len(piece) :]
        case "insert":
            return content[:at] + draw(_pieces) + content[at:]
        case "cut":
            return content[:at] + content[at + draw(st.integers(1, 64)) :]
        case "shorten":
            return content[:at]
        case "repeat":
            return content[:at] + content[max(0, at - 64) : at] * 3 + content[at:]
    other = draw(st.sampled_from(seeds))
    return content[:at] + other[draw(_places) * len(other) // _PARTS :]


def mend_png(content: bytes) -> bytes:
    """Return a PNG with the checksums that its changed chunks should have."""
    mended, at = bytearray(content[:8]), 8
    while at + 12 <= len(content):
        (length,) = struct.unpack(">I", content[at : at + 4])
        body = content[at + 4 : at + 8 + length]
        mended += content[at : at + 4] + body + struct.pack(">I", zlib.crc32(body))
        at += 12 + length
    return bytes(mended)
