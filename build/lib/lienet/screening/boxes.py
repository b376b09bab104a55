"""Boxes around what was found, in the pixels of the original image, and their merging.

It knows nothing of who found them.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

Kind = Literal["face", "text", "person"]


@dataclass(frozen=True)
class Box:
    """An upright rectangle inside an image, in whole pixels of it."""

    kind: Kind
    left_px: int
    top_px: int
    width_px: int
    height_px: int
    score: float
    """How sure the detector is, from 0 to 1; the scores of two detectors do not compare."""


def clip_box(
    kind: Kind,
    *,
    left: float,
    top: float,
    right: float,
    bottom: float,
    score: float,
    image_width_px: int,
    image_height_px: int,
) -> Box:
    """Round edges to whole pixels and keep them inside the image; a box has at least one pixel."""
    left_px = min(max(round(left), 0), image_width_px - 1)
    top_px = min(max(round(top), 0), image_height_px - 1)
    right_px = min(max(round(right), left_px + 1), image_width_px)
    bottom_px = min(max(round(bottom), top_px + 1), image_height_px)
    # Four digits: the last bits of a float may differ between processors.
    size = (right_px - left_px, bottom_px - top_px)
    return Box(kind, left_px, top_px, *size, score=round(float(score), 4))


def merge_boxes(boxes: Iterable[Box], *, max_overlap: float) -> list[Box]:
    """Keep the surest of the boxes that overlap: greedy non-maximum suppression.

    Args:
        boxes: of one kind, in any order; the result does not depend on it.
        max_overlap: the highest intersection over union at which two boxes both stay.

    Returns:
        The boxes kept, surest first.
    """
    ranked = sorted(boxes, key=lambda box: (-box.score, box.top_px, box.left_px, box.width_px))
    kept: list[Box] = []
    for box in ranked:
        if all(overlap(box, other) <= max_overlap for other in kept):
            kept.append(box)
    return kept


def overlap(first: Box, second: Box) -> float:
    """Return the intersection over union of two boxes, from 0 to 1."""
    width = share_span(first.left_px, first.width_px, second.left_px, second.width_px)
    height = share_span(first.top_px, first.height_px, second.top_px, second.height_px)
    both = width * height
    either = first.width_px * first.height_px + second.width_px * second.height_px - both
    return both / either


def share_span(start: int, length: int, other_start: int, other_length: int) -> int:
    """Return how much two spans of one axis have in common."""
    return max(0, min(start + length, other_start + other_length) - max(start, other_start))
