"""Crops of photographs, chosen from the reference alone, never from results.

Owns two ways of choosing: where there is most detail, and where there is a face.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

from lienet.images import Pixels
from lienet.params import FaceDetection

if TYPE_CHECKING:
    from lienet.screening.faces import YunetDetector

GRID_PX = 4
"""Corners and sides of crops are multiples of this, so that every scale cuts evenly."""


@dataclass(frozen=True)
class Crop:
    """A window of the reference, in pixels."""

    top_px: int
    left_px: int
    height_px: int
    width_px: int

    def cut(self, pixels: Pixels, *, shrink: int = 1) -> Pixels:
        """Return the window of HWC pixels; of an image ``shrink`` times smaller, its like."""
        top, left = self.top_px // shrink, self.left_px // shrink
        height, width = self.height_px // shrink, self.width_px // shrink
        return pixels[top : top + height, left : left + width]


def choose_crop(reference: Pixels, *, height_px: int, width_px: int) -> Crop:
    """Return the window with the greatest gradient energy of luma; the first of equals.

    Energy is the sum of squared differences between neighbouring pixels of BT.601 luma, so the
    choice falls on the richest detail and knows nothing of how any model did.

    Args:
        reference: RGB uint8 HWC, both sides at least ``GRID_PX``.
        height_px: wanted height; a smaller image is shown whole.
        width_px: wanted width, likewise.
    """
    height = min(height_px, reference.shape[0]) // GRID_PX * GRID_PX
    width = min(width_px, reference.shape[1]) // GRID_PX * GRID_PX
    luma = reference.astype(np.float64) @ np.array([0.299, 0.587, 0.114])
    energy = np.zeros_like(luma)
    energy[:, :-1] += np.diff(luma, axis=1) ** 2
    energy[:-1, :] += np.diff(luma, axis=0) ** 2
    summed = np.pad(energy.cumsum(axis=0).cumsum(axis=1), ((1, 0), (1, 0)))
    tops = np.arange(0, reference.shape[0] - height + 1, GRID_PX)[:, None]
    lefts = np.arange(0, reference.shape[1] - width + 1, GRID_PX)[None, :]
    inside = (
        summed[tops + height, lefts + width]
        - summed[tops, lefts + width]
        - summed[tops + height, lefts]
        + summed[tops, lefts]
    )
    row, column = np.unravel_index(int(inside.argmax()), inside.shape)
    return Crop(int(row) * GRID_PX, int(column) * GRID_PX, height, width)


def choose_face_crop(reference: Pixels, *, height_px: int, width_px: int) -> Crop:
    """Return the window about the largest face, or about the middle where none is seen.

    YuNet looks for it, whatever detector the filter was told to use.

    Args:
        reference: RGB uint8 HWC, both sides at least ``GRID_PX``.
        height_px: wanted height; a smaller image is shown whole.
        width_px: wanted width, likewise.
    """
    from lienet.screening.pyramid import Pyramid

    sides_px = reference.shape[:2]
    height, width = (
        min(wanted, side) // GRID_PX * GRID_PX
        for wanted, side in zip((height_px, width_px), sides_px, strict=True)
    )
    middle = (sides_px[0] / 2, sides_px[1] / 2)
    if height < sides_px[0] or width < sides_px[1]:
        faces = _open_detector().find(Pyramid(reference))
        if faces:
            face = max(faces, key=lambda box: box.width_px * box.height_px)
            middle = (face.top_px + face.height_px / 2, face.left_px + face.width_px / 2)
    top, left = (
        round(min(max(centre - length / 2, 0), side - length)) // GRID_PX * GRID_PX
        for centre, length, side in zip(middle, (height, width), sides_px, strict=True)
    )
    return Crop(top, left, height, width)


@lru_cache(maxsize=1)
def _open_detector() -> YunetDetector:
    from lienet.screening.faces import YunetDetector  # brings OpenCV, of use only here
    from lienet.screening.model_files import find_shipped_model

    model = find_shipped_model("face")
    params = FaceDetection(
        model=None,
        sha256=model.sha256,
        min_score=0.6,
        pass_sides_px=(640,),
        turned_sides_px=(),
        fine_min_score=0.6,
        large_side_px=None,
    )
    return YunetDetector(model, params)
