"""Images as arrays, and a torch network that repeats their pixels."""

from __future__ import annotations

import numpy as np
from skimage import data
from torch import Tensor, nn


def photograph(height_px: int, width_px: int) -> np.ndarray:
    """A photograph that grows darker to the right, so that no two tiles have like statistics."""
    pixels = (
        data.astronaut()[:height_px, :width_px] / 255.0 * np.linspace(1, 0.3, width_px)[:, None]
    )
    return np.rint(pixels * 65535).astype(np.uint16)


class Repeating(nn.Module):
    """Repeats every pixel ``scale`` times per side; counts what it was given."""

    def __init__(self, scale: int = 2) -> None:
        super().__init__()
        self.scale = scale
        self.sizes_px: list[tuple[int, int]] = []

    def forward(self, degraded: Tensor) -> Tensor:
        self.sizes_px.append((degraded.shape[2], degraded.shape[3]))
        return degraded.repeat_interleave(self.scale, 2).repeat_interleave(self.scale, 3)


def noise(height_px: int, width_px: int, channels: int = 3, dtype: type = np.uint8) -> np.ndarray:
    generator = np.random.default_rng(height_px * width_px)
    high = np.iinfo(dtype).max
    return generator.integers(0, high, (height_px, width_px, channels), dtype, endpoint=True)


def repeat(pixels: np.ndarray, scale: int = 2) -> np.ndarray:
    return pixels.repeat(scale, axis=0).repeat(scale, axis=1)
