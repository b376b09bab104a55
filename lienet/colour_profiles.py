"""Colour profiles: what a file's own profile makes of its pixels, in sRGB.

Adobe RGB or Display P3 taken for sRGB is pale; a network that learned from it enhances no colours
as they are. Profiles that are broken, or of another kind of colours than the pixels, do nothing.
"""

from __future__ import annotations

import io
from functools import lru_cache
from typing import Any

import numpy as np
from PIL import Image, ImageCms

_KINDS = {"RGB ": "RGB", "GRAY": "L", "CMYK": "CMYK"}
"""Pillow's modes by a profile's name for its colours."""
_BLACK_POINT = ImageCms.Flags.BLACKPOINTCOMPENSATION


def apply_profile(
    pixels: np.ndarray[Any, np.dtype[Any]], profile: bytes | None
) -> np.ndarray[Any, np.dtype[Any]]:
    """Return RGB pixels in sRGB.

    Args:
        pixels: ``h w 3``, uint8, by the profile; grey ones have three equal channels.
        profile: an ICC profile as it lies in a file; None leaves the pixels as they are.
    """
    found = _open_transform(profile) if profile else None
    if found is None or found[0] == "CMYK":
        return pixels
    mode, transform = found
    image = Image.fromarray(np.ascontiguousarray(pixels[..., 0] if mode == "L" else pixels))
    converted = ImageCms.applyTransform(image, transform)
    return pixels if converted is None else np.array(converted)


def convert_cmyk(image: Image.Image) -> Image.Image:
    """Return a CMYK image in sRGB: by its own profile, or by the plain formula where none is."""
    profile = image.info.get("icc_profile")
    found = _open_transform(profile) if profile else None
    converted = None
    if found is not None and found[0] == "CMYK":
        converted = ImageCms.applyTransform(image, found[1])
    return image.convert("RGB") if converted is None else converted


@lru_cache(maxsize=16)
def _open_transform(profile: bytes) -> tuple[str, ImageCms.ImageCmsTransform] | None:
    """Return the mode that a profile is for and its way to sRGB; None where there is none to go."""
    try:
        own = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        mode = _KINDS.get(str(own.profile.xcolor_space))
        if mode is None or "sRGB" in ImageCms.getProfileDescription(own):
            return None
        srgb = ImageCms.createProfile("sRGB")
        intent = ImageCms.Intent.RELATIVE_COLORIMETRIC
        return mode, ImageCms.buildTransform(own, srgb, mode, "RGB", intent, _BLACK_POINT)
    except (ImageCms.PyCMSError, OSError, ValueError, TypeError):
        return None
