"""What a picture file says besides its pixels: EXIF, XMP and ICC profile.

All of it goes with the picture but for what would no longer be true: the orientation, as pixels are
turned upright, the size, and how the file was laid out.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from PIL import Image

_ORIENTATION, _SOFTWARE_THAT_MADE_IT = 0x0112, 0x000B
_EXIF_DIRECTORY, _GPS_DIRECTORY = 0x8769, 0x8825
_DESCRIBING = {0x010E, 0x010F, 0x0110, 0x011A, 0x011B, 0x0128, 0x0131, 0x0132, 0x013B, 0x013C}
_DESCRIBING |= {0x4746, 0x4749, 0x8298, *range(0x9C9B, 0x9CA0), _EXIF_DIRECTORY, _GPS_DIRECTORY}
"""Title, camera, resolution, program, time, author, rating, copyright, and the two directories."""
_SIZES_IN_EXIF = (0xA002, 0xA003)
_XMP_ORIENTATION = re.compile(rb"""(tiff:Orientation(?:=["']|>))[2-8]""")
_XMP_TAG = 0x02BC
_EXIF_HEAD = b"Exif\0\0"


@dataclass(frozen=True)
class Metadata:
    """What is written beside the pixels; empty where there is none."""

    exif: bytes = b""
    """A TIFF structure, without a head; its orientation is upright."""
    xmp: bytes = b""
    icc_profile: bytes = b""

    @property
    def exif_block(self) -> bytes:
        """EXIF with the head that JPEG wants."""
        return _EXIF_HEAD + self.exif if self.exif else b""


def read_metadata(image: Image.Image) -> Metadata:
    """Return what a loaded image says besides its pixels; broken parts are left out."""
    xmp = image.info.get("xmp") or image.info.get("XML:com.adobe.xmp") or b""
    return Metadata(
        exif=_read_exif(image),
        xmp=_XMP_ORIENTATION.sub(rb"\g<1>1", xmp.encode() if isinstance(xmp, str) else bytes(xmp)),
        icc_profile=bytes(image.info.get("icc_profile") or b""),
    )


def sign(metadata: Metadata, signature: str) -> Metadata:
    """Return metadata that name what made the picture, as EXIF's processing software."""
    exif = Image.Exif()
    if metadata.exif:
        exif.load(metadata.exif)
    exif[_SOFTWARE_THAT_MADE_IT] = signature
    return replace(metadata, exif=_spell(exif))


def read_signature(image: Image.Image) -> str | None:
    """Return what :func:`sign` wrote into a file; None where it did not."""
    try:
        found = image.getexif().get(_SOFTWARE_THAT_MADE_IT)
    except Exception:  # broken EXIF is no signature
        return None
    return found.rstrip("\0") if isinstance(found, str) else None


def _read_exif(image: Image.Image) -> bytes:
    try:
        exif = image.getexif()
        kept = Image.Exif()
        for tag in sorted(_DESCRIBING & set(exif)):
            if tag in (_EXIF_DIRECTORY, _GPS_DIRECTORY):
                directory = kept.get_ifd(tag)
                directory.update(exif.get_ifd(tag))
                for size in _SIZES_IN_EXIF:
                    directory.pop(size, None)
            else:
                kept[tag] = exif[tag]
        if _ORIENTATION in exif:
            kept[_ORIENTATION] = 1
        return _spell(kept) if len(kept) else b""
    except Exception:  # broken EXIF makes no picture unreadable
        return b""


def _spell(exif: Image.Exif) -> bytes:
    return exif.tobytes().removeprefix(_EXIF_HEAD)
