"""What in the header of a TIFF file makes it no finished photograph, or one that is misread.

A camera's raw file is a TIFF whose first image is a preview of a few hundred pixels.
"""

from __future__ import annotations

from typing import Any

from PIL import ImageFile

from lienet.errors import ImageError

TIFF_BITS, TIFF_PHOTOMETRIC = 258, 262
_SUBFILE, _PLANAR, _SUBIFDS, _SAMPLE_FORMAT = 254, 284, 330, 339
_RAW_TAGS = {50706: "DNG", 33421: "camera raw", 37399: "camera raw"}
_RAW_PHOTOMETRIC = (32803, 34892)


def refuse_odd_tiff(image: ImageFile.ImageFile) -> None:
    """Refuse raw files, and samples that Pillow reads wrongly or not at all.

    Raises:
        ImageError: it is one of these; ``reason`` is ``unsupported_format``.
    """
    _refuse_raw(image)
    bits = set(read_tag(image, TIFF_BITS, 1))
    if not bits <= {1, 2, 4, 8, 16} or set(read_tag(image, _SAMPLE_FORMAT, 1)) - {1}:
        rule = "TIFF samples must be unsigned, of 1, 2, 4, 8 or 16 bits"
        raise ImageError(rule, got=f"{sorted(bits)} bits", reason="unsupported_format")
    if 16 in bits and read_tag(image, _PLANAR, 1)[0] == 2:  # read wrongly by most readers
        rule = "16-bit TIFF colours must be stored pixel by pixel"
        raise ImageError(rule, reason="unsupported_format")


def read_tag(image: ImageFile.ImageFile, tag: int, default: int) -> tuple[int, ...]:
    """Return the values of a tag of a TIFF's first image, or the default where it is not there."""
    value = _directory(image).get(tag, default)
    return value if isinstance(value, tuple) else (value,)


def _refuse_raw(image: ImageFile.ImageFile) -> None:
    directory = _directory(image)
    kinds = [name for tag, name in _RAW_TAGS.items() if tag in directory]
    is_preview = read_tag(image, _SUBFILE, 0)[0] & 1 and _SUBIFDS in directory
    if kinds or is_preview or read_tag(image, TIFF_PHOTOMETRIC, 1)[0] in _RAW_PHOTOMETRIC:
        kind = kinds[0] if kinds else "camera raw"
        rule = f"a {kind} file is not a finished photograph"
        raise ImageError(rule, reason="unsupported_format", remedy="develop it to TIFF or JPEG")


def _directory(image: ImageFile.ImageFile) -> Any:
    return getattr(image, "tag_v2", {})
