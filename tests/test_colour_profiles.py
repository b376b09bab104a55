"""Colour profiles: wide-gamut files come out in sRGB, and profiles that are no use do nothing."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
import skimage
from PIL import Image, ImageCms

from lienet.colour_profiles import apply_profile
from lienet.images import decode_image

PATCHES = np.array(
    [[[200, 30, 30], [30, 180, 40], [20, 40, 200]], [[128, 128, 128], [250, 240, 10], [5, 5, 5]]],
    np.uint8,
)


@pytest.fixture(scope="module")
def adobe_rgb() -> bytes:
    """The profile Adobe RGB (1998), from a photograph that ships inside scikit-image."""
    for path in sorted((Path(skimage.__file__).parent / "data").glob("*.jpg")):
        with Image.open(path) as image:
            profile = image.info.get("icc_profile")
        if profile and b"Adobe RGB" in profile:
            return bytes(profile)
    pytest.skip("no photograph in Adobe RGB is installed")


def adobe_to_srgb(pixels: np.ndarray) -> np.ndarray:
    """By the standards' own formulas: Adobe RGB (1998) 4.3, IEC 61966-2-1."""
    to_xyz = [[0.57667, 0.18556, 0.18823], [0.29734, 0.62736, 0.07529], [0.02703, 0.07069, 0.99134]]
    from_xyz = [[3.2406, -1.5372, -0.4986], [-0.9689, 1.8758, 0.0415], [0.0557, -0.2040, 1.0570]]
    linear = (pixels / 255.0) ** 2.19921875 @ np.array(to_xyz).T @ np.array(from_xyz).T
    linear = linear.clip(0, 1)
    curved = np.where(linear > 0.0031308, 1.055 * linear ** (1 / 2.4) - 0.055, 12.92 * linear)
    return 255 * curved


def save(pixels: np.ndarray, kind: str, profile: bytes | None) -> bytes:
    stream = io.BytesIO()
    Image.fromarray(pixels).save(stream, kind, icc_profile=profile)
    return stream.getvalue()


def test_adobe_rgb_becomes_srgb(adobe_rgb: bytes):
    found = decode_image(save(PATCHES, "PNG", adobe_rgb)).astype(float)
    assert np.abs(found - adobe_to_srgb(PATCHES)).max() < 3
    assert np.abs(found - PATCHES).max() > 20, "the patches tell the two apart"


@pytest.mark.parametrize("kind", ["PNG", "TIFF"])
def test_srgb_and_no_profile_change_nothing(kind: str):
    srgb = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    for profile in (None, srgb):
        assert np.array_equal(decode_image(save(PATCHES, kind, profile)), PATCHES)


@pytest.mark.parametrize("profile", [b"no profile at all", b"\0" * 128])
def test_a_broken_profile_changes_nothing(profile: bytes):
    assert np.array_equal(apply_profile(PATCHES, profile), PATCHES)


def test_alpha_that_hides_nothing_is_dropped_and_colours_converted(adobe_rgb: bytes):
    opaque = np.dstack((PATCHES, np.full(PATCHES.shape[:2], 255, np.uint8)))
    plain = decode_image(save(PATCHES, "PNG", adobe_rgb))
    assert np.array_equal(decode_image(save(opaque, "PNG", adobe_rgb)), plain)
