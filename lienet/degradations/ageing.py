"""Ageing applied to pixels: a print fades, its paper shades it, it is grainy, then photographed.

The order is the physical one: pigments pale and lose colour, the paper's surface shades them,
grain lies over all; then a phone's lens blurs the print and its file compresses it. The identity
of a step leaves every byte as it is.
"""

from __future__ import annotations

import cv2
import numpy as np

from lienet.degradations.old_photo_look import FadingLook, GrainLook, OldPhotoLook, TextureLook
from lienet.degradations.paper_texture import correlated_noise, shade_paper
from lienet.draws import keyed_generator
from lienet.images import Pixels, encode_jpeg, encode_png
from lienet.params.degradations import Draw

_LUMA = np.array([0.299, 0.587, 0.114], np.float32)
_WHITE = 255.0
_PNG_COMPRESS_LEVEL = 3
_MAX_SEED = 2**63


def apply_look(pixels: Pixels, look: OldPhotoLook, draw: Draw) -> Pixels:
    """Let a photograph grow old, but for the file that it is recaptured in.

    Args:
        pixels: ``(h, w, 3)`` RGB uint8.
        look: the strength of each step.
        draw: makes the generator of texture and grain, neither of which depends on the other.

    Returns:
        ``(h, w, 3)`` RGB uint8; with a look of identities, the very pixels.
    """
    texture_seed, grain_seed = (int(seed) for seed in draw("fields").integers(_MAX_SEED, size=2))
    aged = change_colours(pixels.astype(np.float32), look.fading, look.saturation)
    if look.texture is not None:
        aged = add_texture(aged, look.texture, keyed_generator(texture_seed, "texture"))
    if look.grain is not None:
        aged = add_grain(aged, look.grain, keyed_generator(grain_seed, "grain"))
    if look.blur_sigma_px:
        aged = cv2.GaussianBlur(aged, (0, 0), look.blur_sigma_px, borderType=cv2.BORDER_REFLECT_101)
    np.rint(aged, out=aged)
    np.clip(aged, 0.0, _WHITE, out=aged)
    return aged.astype(np.uint8)


def degrade_old_photo(pixels: Pixels, look: OldPhotoLook, draw: Draw) -> bytes:
    """Let a photograph grow old; return the JPEG of its recapture, PNG where that is skipped."""
    aged = apply_look(pixels, look, draw)
    if look.jpeg is None:
        return encode_png(aged, compress_level=_PNG_COMPRESS_LEVEL)
    return encode_jpeg(aged, quality=look.jpeg.quality, chroma=look.jpeg.chroma)


def change_colours(pixels: Pixels, fading: FadingLook | None, saturation: float | None) -> Pixels:
    """Fade and change the saturation, which together are one affine map of colours.

    A channel c of gain g fades to ``b + (w g - b) c``, with black b and white w. Chroma is then
    multiplied about the faded greys, so that their cast stays: paper yellows under pale pigments.

    Args:
        pixels: ``(h, w, 3)`` float32, 0 to 255.
        fading: levels and gains, or None.
        saturation: the factor of chroma, or None.

    Returns:
        ``(h, w, 3)`` float32, not clipped.
    """
    factor = 1.0 if saturation is None else saturation
    black = 0.0 if fading is None else fading.black_level
    white = np.ones(3) if fading is None else fading.white_level * np.array(fading.gains)
    colours = factor * np.eye(3) + (1.0 - factor) * _LUMA[None].astype(np.float64)
    matrix = (white - black)[:, None] * colours
    if np.array_equal(matrix, np.eye(3)) and not black:
        return pixels
    affine = np.column_stack([matrix, np.full(3, black * _WHITE)]).astype(np.float32)
    changed: Pixels = cv2.transform(pixels, affine)
    return changed


def add_texture(pixels: Pixels, look: TextureLook, generator: np.random.Generator) -> Pixels:
    """Shade ``(h, w, 3)`` float32 by the paper's surface, in proportion to the local brightness."""
    if not look.amplitude:
        return pixels
    shading = shade_paper(
        (pixels.shape[0], pixels.shape[1]),
        kind=look.kind,
        period_px=look.period_px,
        generator=generator,
    )
    light = 1.0 + np.float32(look.amplitude) * shading
    shaded: Pixels = pixels * light[..., None]
    return shaded


def add_grain(pixels: Pixels, look: GrainLook, generator: np.random.Generator) -> Pixels:
    """Add noise of ``sigma`` x 255 to ``(h, w, 3)`` float32, ``chroma_share`` of it coloured.

    A channel's noise is ``sqrt(1 - share)`` of what is common to all plus ``sqrt(share)`` of its
    own: its variance is the same for every share.
    """
    if not look.sigma:
        return pixels
    size_px = (pixels.shape[0], pixels.shape[1])
    strength = np.float32(_WHITE * look.sigma)
    grain = pixels
    for share, num_channels in ((1.0 - look.chroma_share, 1), (look.chroma_share, 3)):
        noise = (
            correlated_noise(
                size_px,
                sigma_px=look.correlation_px,
                generator=generator,
                num_channels=num_channels,
            )
            if share
            else None
        )
        if noise is not None:
            grain = grain + np.float32(strength * np.sqrt(share)) * noise
    return grain
