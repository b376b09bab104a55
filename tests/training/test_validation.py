"""Scores of whole tiles against numbers worked by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from lightning_fabric import Fabric
from torch import Tensor, nn

from lienet.training.validation import measure_psnr, score_tiles, to_batch


@pytest.fixture(scope="module")
def fabric() -> Fabric:
    return Fabric(accelerator="cpu", devices=1)


def tile(degraded: int, reference: int) -> tuple[np.ndarray, np.ndarray]:
    return (
        np.full((8, 8, 3), degraded, np.uint8),
        np.full((8, 8, 3), reference, np.uint8),
    )


class Brighten(nn.Module):
    def forward(self, images: Tensor) -> Tensor:
        return images + 0.2


class Mean(nn.Module):
    def forward(self, images: Tensor) -> Tensor:
        return images.mean(dim=(1, 2, 3))


def test_to_batch(fabric: Fabric):
    pixels = np.arange(2 * 4 * 5 * 3, dtype=np.uint8).reshape(2, 4, 5, 3)
    batch = to_batch(pixels, fabric)
    assert batch.shape == (2, 3, 4, 5)
    assert batch.is_contiguous(memory_format=torch.channels_last)
    assert batch[1, 2, 3, 4].item() == pytest.approx(pixels[1, 3, 4, 2] / 255)


def test_psnr_is_averaged_over_tiles_after_clipping(fabric: Fabric):
    tiles = [tile(102, 204), tile(255, 255)]  # 0.4 + 0.2 against 0.8; 1.2 clipped is right
    expected = (-20 * math.log10(0.2) + 120) / 2
    assert measure_psnr(Brighten(), tiles, fabric) == pytest.approx(expected, abs=1e-4)
    assert measure_psnr(Brighten(), [], fabric) is None


def test_scores(fabric: Fabric):
    real, enhanced = score_tiles(Brighten(), Mean(), [tile(0, 255), tile(51, 0)], fabric)
    assert real.tolist() == pytest.approx([1.0, 0.0])
    assert enhanced.tolist() == pytest.approx([0.2, 0.4])
