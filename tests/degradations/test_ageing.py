"""Ageing: every step by numbers worked by hand, identities to the byte."""

from __future__ import annotations

import io
from dataclasses import asdict, replace

import numpy as np
import pytest
from PIL import Image

from lienet.degradations.ageing import (
    add_grain,
    add_texture,
    apply_look,
    change_colours,
    degrade_old_photo,
)
from lienet.degradations.old_photo_look import (
    FadingLook,
    GrainLook,
    JpegLook,
    OldPhotoLook,
    TextureLook,
)
from lienet.draws import generators_of
from lienet.images import decode_image, encode_jpeg

PHOTO = np.random.default_rng(0).integers(0, 256, (61, 83, 3), dtype=np.uint8)
GREY = np.full((200, 200, 3), 120.0, np.float32)
IDENTITIES = OldPhotoLook(
    fading=FadingLook(0.0, 1.0, (1.0, 1.0, 1.0)),
    saturation=1.0,
    texture=TextureLook("oriented", 0.0, 4.0),
    grain=GrainLook(0.0, 1.0, 0.5),
    blur_sigma_px=0.0,
)
STRONG = OldPhotoLook(
    fading=FadingLook(0.1, 0.9, (1.0, 0.9, 0.7)),
    saturation=0.5,
    texture=TextureLook("cross_hatched", 0.05, 6.0),
    grain=GrainLook(0.04, 0.8, 0.3),
    blur_sigma_px=0.8,
    jpeg=JpegLook(60, "4:2:0"),
)
DRAW = generators_of(1, "old_photo", "a")


@pytest.mark.parametrize("look", [OldPhotoLook(), IDENTITIES])
def test_identities_and_skipped_steps_return_the_very_bytes(look: OldPhotoLook):
    aged = apply_look(PHOTO, look, DRAW)
    assert aged.dtype == np.uint8
    assert aged.tobytes() == PHOTO.tobytes()
    stored = degrade_old_photo(PHOTO, look, DRAW)
    assert stored.startswith(b"\x89PNG")
    assert decode_image(stored).tobytes() == PHOTO.tobytes()


@pytest.mark.parametrize("step", [name for name, value in asdict(STRONG).items() if value])
def test_every_single_step_changes_pixels(step: str):
    look = OldPhotoLook(**{step: getattr(STRONG, step)})
    stored = degrade_old_photo(PHOTO, look, DRAW)
    assert not np.array_equal(decode_image(stored), PHOTO)


def test_fading_maps_black_and_white_to_their_levels():
    fading = FadingLook(0.1, 0.8, (1.0, 0.9, 0.5))
    ends = np.array([[[0, 0, 0], [255, 255, 255], [0, 255, 0]]], np.float32)
    faded = change_colours(ends, fading, None) / 255
    # Black becomes 0.1 in every channel, white 0.8 times the gain of each.
    expected = [[0.1, 0.1, 0.1], [0.8, 0.72, 0.4], [0.1, 0.72, 0.1]]
    assert np.allclose(faded[0], expected, atol=1e-6)


def test_saturation_turns_about_the_luma_and_leaves_the_cast():
    red = np.array([[[200, 0, 0]]], np.float32)
    # BT.601: the luma is 0.299 * 200 = 59.8; half of the chroma is left.
    assert np.allclose(change_colours(red, None, 0.5), [[[129.9, 29.9, 29.9]]], atol=1e-3)
    grey = np.array([[[100, 100, 100]]], np.float32)
    fading = FadingLook(0.1, 0.8, (1.0, 0.9, 0.5))
    without, with_change = (change_colours(grey, fading, factor) for factor in (None, 0.2))
    assert np.allclose(without, with_change, atol=1e-3)


def test_a_garish_print_has_more_chroma_of_the_same_hue():
    skin = np.array([[[200, 140, 110]]], np.float32)
    # The luma is 154.52: 45.48, -14.52 and -44.52 from it become 56.85, -18.15 and -55.65.
    garish = change_colours(skin, None, 1.25)
    assert np.allclose(garish, [[[211.37, 136.37, 98.87]]], atol=1e-2)
    photo = PHOTO.astype(np.float32)
    red, green, blue = np.moveaxis(change_colours(photo, None, 1.25) - photo, 2, 0)
    assert np.allclose(0.299 * red + 0.587 * green + 0.114 * blue, 0, atol=1e-3)


def test_texture_shades_in_proportion_to_brightness():
    look = TextureLook("smooth", 0.05, 6.0)
    light, dark = (
        add_texture(level * GREY / 120, look, np.random.default_rng(0)) for level in (200, 20)
    )
    assert light.std() / 200 == pytest.approx(0.05, rel=1e-3)
    assert np.allclose(light / 10, dark, rtol=1e-5)
    assert np.array_equal(light[..., 0], light[..., 2])


@pytest.mark.parametrize("share", [0.0, 0.4, 1.0])
def test_grain_has_its_deviation_and_share_of_colour(share: float):
    look = GrainLook(0.04, 0.7, share)
    grain = add_grain(GREY, look, np.random.default_rng(0)) - GREY
    assert grain.std() / 255 == pytest.approx(0.04, rel=0.03)
    common = np.corrcoef(grain[..., 0].ravel(), grain[..., 2].ravel())[0, 1]
    assert common == pytest.approx(1 - share, abs=0.04)


def test_blur_is_that_of_a_lens_over_print_and_grain():
    edge = np.zeros((40, 40, 3), np.uint8)
    edge[:, 20:] = 200
    blurred = apply_look(edge, OldPhotoLook(blur_sigma_px=1.0), DRAW)
    # Half a pixel from the edge the step has risen to the normal distribution at 0.5: 0.6915.
    assert blurred[20, 20, 0] == pytest.approx(0.6915 * 200, abs=2)
    grainy = OldPhotoLook(grain=GrainLook(0.05, 0.0, 0.0))
    sharp, soft = (
        apply_look(GREY.astype(np.uint8), look, DRAW).std()
        for look in (grainy, replace(grainy, blur_sigma_px=1.0))
    )
    assert soft < 0.4 * sharp


def test_the_file_is_the_jpeg_of_the_aged_pixels():
    stored = degrade_old_photo(PHOTO, STRONG, DRAW)
    aged = apply_look(PHOTO, STRONG, DRAW)
    assert stored == encode_jpeg(aged, quality=60, chroma="4:2:0")
    with Image.open(io.BytesIO(stored)) as image:
        assert image.format == "JPEG"


def test_texture_and_grain_do_not_depend_on_each_other():
    only_grain = OldPhotoLook(grain=STRONG.grain)
    both = replace(only_grain, texture=TextureLook("smooth", 1e-9, 4.0))
    alone, beside = (apply_look(PHOTO, look, DRAW) for look in (only_grain, both))
    assert np.array_equal(alone, beside)
