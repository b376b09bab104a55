"""Scratches and holes, drawn as masks, and the ways in which a layer is blended over a photograph.

Pure functions of numbers and a generator; which of them a photograph suffers is decided elsewhere.
"""

from __future__ import annotations

import math

import cv2
import numpy as np

from lienet.degradations.paper_texture import correlated_noise
from lienet.images import Pixels
from lienet.params.base import Range

_WHITE = np.float32(255.0)
_STEPS = 24
"""Straight pieces of a scratch."""
_TURN_RAD = 0.12
"""Standard deviation of the turn from one piece to the next."""
_SUBPIXEL_BITS = 4
_FEATHER = 0.35
"""Over how many deviations of its field a hole's edge fades in."""
Mask = Pixels
"""``(h, w)`` float32 in [0, 1]."""


def draw_scratches(
    size_px: tuple[int, int], *, count: int, width_px: Range, generator: np.random.Generator
) -> Mask:
    """Draw bright lines that wander, each of its own length, width and brightness.

    Args:
        size_px: height and width.
        count: of scratches.
        width_px: the range of their widths.
        generator: draws them.
    """
    canvas = np.zeros(size_px, np.uint8)
    for _ in range(count):
        line = np.zeros(size_px, np.uint8)
        path = np.rint(_walk(size_px, generator) * 2**_SUBPIXEL_BITS).astype(np.int32)
        thickness = max(1, round(generator.uniform(*width_px)))
        level = int(generator.integers(96, 256))
        cv2.polylines(
            line, [path[:, None]], False, level, thickness, cv2.LINE_AA, shift=_SUBPIXEL_BITS
        )
        np.maximum(canvas, line, out=canvas)
    return canvas.astype(np.float32) / _WHITE


def _walk(size_px: tuple[int, int], generator: np.random.Generator) -> Pixels:
    """Return the points ``(x, y)`` of a line that turns a little at each step."""
    height_px, width_px = size_px
    start = generator.uniform(0.0, 1.0, 2) * (width_px, height_px)
    length_px = generator.uniform(0.1, 1.0) * math.hypot(height_px, width_px)
    turns = generator.normal(0.0, _TURN_RAD, _STEPS).cumsum()
    angles = generator.uniform(0.0, 2.0 * math.pi) + turns
    steps = np.stack((np.cos(angles), np.sin(angles)), axis=1) * (length_px / _STEPS)
    path: Pixels = np.concatenate((start[None], start + steps.cumsum(axis=0)))
    return path


def draw_holes(
    size_px: tuple[int, int], *, hole_px: float, share: float, generator: np.random.Generator
) -> Mask:
    """Draw holes of random shape with soft edges: the highest places of a smooth random field.

    Args:
        size_px: height and width.
        hole_px: the sigma of the Gaussian that makes the field smooth, about the holes' size.
        share: of all pixels that lie in a hole, edges included.
        generator: draws the field.
    """
    field = correlated_noise(size_px, sigma_px=hole_px, generator=generator)[..., 0]
    edge = np.quantile(field, 1.0 - share) if share else np.inf
    holes: Mask = np.clip((field - np.float32(edge)) / np.float32(_FEATHER), 0.0, 1.0)
    return holes


def blend(pixels: Pixels, layer: Pixels, *, mode: str, opacity: float) -> Pixels:
    """Blend a layer over pixels, neither of them clipped.

    Args:
        pixels: ``(h, w, 3)`` float32, 0 to 255.
        layer: of the same form, or ``(h, w, 1)``.
        mode: ``addition`` adds it, ``lighten`` takes the brighter of both, ``screen`` multiplies
            what both lack to white.
        opacity: the share of what is blended in what is returned, 0 to 1.
    """
    if mode == "addition":
        blended = pixels + layer
    elif mode == "lighten":
        blended = np.maximum(pixels, layer)
    else:
        blended = _WHITE - (_WHITE - pixels) * (_WHITE - layer) / _WHITE
    mixed: Pixels = pixels + np.float32(opacity) * (blended - pixels)
    return mixed
