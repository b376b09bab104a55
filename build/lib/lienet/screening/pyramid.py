"""One image at the sizes that several detectors want, shrunk once and shared.

Owns how an image is brought to another size before anything looks at it. Halving by exact means
comes first and what is left, less than a factor of two, is interpolated: a fifth of the time of
averaging over the whole factor, and detectors find the same.
"""

from __future__ import annotations

import cv2

from lienet.images import Pixels


class Pyramid:
    """An image and its halves, each made when it is first asked for.

    What is returned depends on the image and the size alone, never on what was asked before.

    Args:
        pixels: RGB or grey, uint8, HWC or HW.
    """

    def __init__(self, pixels: Pixels) -> None:
        self._levels = [pixels]

    @property
    def pixels(self) -> Pixels:
        """The image itself."""
        return self._levels[0]

    @property
    def height_px(self) -> int:
        """Of the image itself."""
        return int(self.pixels.shape[0])

    @property
    def width_px(self) -> int:
        """Of the image itself."""
        return int(self.pixels.shape[1])

    def resize(self, height_px: int, width_px: int) -> Pixels:
        """Return the image at exactly this size; not to be written to."""
        level = 0
        while self._has_half(level, height_px, width_px):
            level += 1
        source = self._levels[level]
        if source.shape[:2] == (height_px, width_px):
            return source
        return cv2.resize(source, (width_px, height_px), interpolation=cv2.INTER_LINEAR)

    def resize_longest(self, side_px: int) -> Pixels:
        """Return the image with this longest side, of the same shape as far as pixels allow."""
        factor = side_px / max(self.height_px, self.width_px)
        return self.resize(
            max(1, round(self.height_px * factor)), max(1, round(self.width_px * factor))
        )

    def shrink_to(self, min_side_px: int) -> Pixels:
        """Return the smallest level with no side below this; the image itself if it has one."""
        level = 0
        while self._has_half(level, min_side_px, min_side_px):
            level += 1
        return self._levels[level]

    def _has_half(self, level: int, height_px: int, width_px: int) -> bool:
        height, width = self._levels[level].shape[:2]
        if height < 2 * height_px or width < 2 * width_px:
            return False
        if level + 1 == len(self._levels):
            even = self._levels[level][
                : height // 2 * 2, : width // 2 * 2
            ]  # else five times slower
            half = (width // 2, height // 2)
            self._levels.append(cv2.resize(even, half, interpolation=cv2.INTER_AREA))
        return True
