"""Damage and loss of quality applied to pixels, each step with a generator of its own purpose.

Which steps a photograph suffers, how strong they are and in which order they come is drawn here;
what scratches and holes look like is the business of ``scratches``.
"""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np

from lienet.degradations.paper_texture import shade_paper
from lienet.degradations.scratched_photo import Structured, Unstructured
from lienet.degradations.scratches import blend, draw_holes, draw_scratches
from lienet.images import Pixels, decode_image, encode_jpeg
from lienet.params.degradations import Draw

_WHITE = 255.0
_TILE_PX = 256
_PAPER_PERIOD_PX = (4.0, 12.0)
_PAPER_SHADING = 4.0
"""Standard deviation of paper's texture, in levels of 255."""
_PAPER_COLOUR = ((190.0, 245.0), (180.0, 240.0), (160.0, 225.0))
"""The ranges of its red, green and blue: white to yellowed."""
Step = Callable[[Pixels, Unstructured, np.random.Generator], Pixels]


def damage(pixels: Pixels, params: Structured, draw: Draw) -> Pixels:
    """Scratch a photograph and tear holes into it.

    Args:
        pixels: ``(h, w, 3)`` RGB uint8.
        params: probabilities and ranges.
        draw: makes the generators of both, neither of which depends on the other.

    Returns:
        RGB uint8 of the same size; the very pixels where nothing happens.
    """
    damaged = pixels.astype(np.float32)
    for purpose, step in (("scratches", add_scratches), ("holes", add_holes)):
        generator = draw(purpose)
        if generator.random() < params.probability:
            damaged = step(damaged, params, generator)
    return to_levels(damaged)


def add_scratches(pixels: Pixels, params: Structured, generator: np.random.Generator) -> Pixels:
    """Blend scratches over ``(h, w, 3)`` float32, 0 to 255, in one of the modes."""
    height_px, width_px = pixels.shape[:2]
    density = generator.uniform(*params.num_scratches) / _TILE_PX**2
    scratches = draw_scratches(
        (height_px, width_px),
        count=round(density * height_px * width_px),
        width_px=params.scratch_px,
        generator=generator,
    )
    mode = params.modes[int(generator.integers(len(params.modes)))]
    layer = np.float32(_WHITE) * scratches[..., None]
    return blend(pixels, layer, mode=mode, opacity=generator.uniform(*params.opacity))


def add_holes(pixels: Pixels, params: Structured, generator: np.random.Generator) -> Pixels:
    """Let paper show through holes in ``(h, w, 3)`` float32, 0 to 255."""
    size_px = (pixels.shape[0], pixels.shape[1])
    holes = draw_holes(
        size_px,
        hole_px=generator.uniform(*params.hole_px),
        share=generator.uniform(*params.hole_share),
        generator=generator,
    )
    colour = np.array([generator.uniform(*ends) for ends in _PAPER_COLOUR], np.float32)
    period_px = generator.uniform(*_PAPER_PERIOD_PX)
    shading = shade_paper(size_px, kind="smooth", period_px=period_px, generator=generator)
    paper = colour + np.float32(_PAPER_SHADING) * shading[..., None]
    torn: Pixels = pixels + holes[..., None] * (paper - pixels)
    return torn


def lose_quality(pixels: Pixels, params: Unstructured, draw: Draw) -> Pixels:
    """Apply each step that chance allows, in an order that is drawn.

    Arguments and result as :func:`damage`.
    """
    generator = draw("order")
    names = list(STEPS)
    order = [names[place] for place in generator.permutation(len(names))]
    happens = generator.random(len(names)) < params.probability
    lost = pixels
    for name in (name for name, does in zip(order, happens, strict=True) if does):
        lost = to_levels(STEPS[name](lost.astype(np.float32), params, draw(name)))
    return lost


def to_levels(pixels: Pixels) -> Pixels:
    """Round float32 to uint8 and clip."""
    return np.clip(np.rint(pixels), 0.0, _WHITE).astype(np.uint8)


def _add_noise(pixels: Pixels, params: Unstructured, generator: np.random.Generator) -> Pixels:
    sigma = np.float32(generator.uniform(*params.noise_sigma))
    noisy: Pixels = pixels + sigma * generator.standard_normal(pixels.shape, np.float32)
    return noisy


def _blur(pixels: Pixels, params: Unstructured, generator: np.random.Generator) -> Pixels:
    sigma_px = generator.uniform(*params.blur_px)
    kernel_px = _choose_kernel(params, generator)
    return cv2.GaussianBlur(pixels, kernel_px, sigma_px, borderType=cv2.BORDER_REFLECT_101)


def _defocus(pixels: Pixels, params: Unstructured, generator: np.random.Generator) -> Pixels:
    kernel_px = _choose_kernel(params, generator)
    return cv2.blur(pixels, kernel_px, borderType=cv2.BORDER_REFLECT_101)


def _choose_kernel(params: Unstructured, generator: np.random.Generator) -> tuple[int, int]:
    side_px = params.kernel_px[int(generator.integers(len(params.kernel_px)))]
    return side_px, side_px


def _compress(pixels: Pixels, params: Unstructured, generator: np.random.Generator) -> Pixels:
    quality = round(generator.uniform(*params.jpeg_quality))
    return decode_image(encode_jpeg(to_levels(pixels), quality=quality, chroma=params.jpeg_chroma))


def _shift_colours(pixels: Pixels, params: Unstructured, generator: np.random.Generator) -> Pixels:
    shift = generator.uniform(-params.colour_shift, params.colour_shift, 3).astype(np.float32)
    shifted: Pixels = pixels + shift
    return shifted


STEPS: dict[str, Step] = {
    "noise": _add_noise,
    "blur": _blur,
    "defocus": _defocus,
    "jpeg": _compress,
    "colours": _shift_colours,
}
"""What a photograph loses quality by, by the purpose of its generator."""
