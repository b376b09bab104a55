"""Validation during training: PSNR and discriminator scores of whole tiles."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import torch
from jaxtyping import UInt8
from lightning_fabric import Fabric
from torch import Tensor, nn

from lienet.images import Pixels
from lienet.networks.shapes import Images, Scores


def to_batch(
    pixels: UInt8[Pixels, "batch height width 3"] | UInt8[Tensor, "batch height width 3"],
    fabric: Fabric,
) -> Images:
    """Turn pixels into float32 in [0, 1]; the memory is channels-last as it comes.

    To a GPU they go from pinned memory, so that nothing waits for the copy.
    """
    batch = torch.from_numpy(pixels) if isinstance(pixels, np.ndarray) else pixels
    if fabric.device.type == "cuda" and not batch.is_cuda:
        batch = batch.pin_memory()
    batch = batch.to(fabric.device, non_blocking=True)
    return batch.permute(0, 3, 1, 2).float().div_(255.0)


def measure_psnr(
    model: nn.Module, tiles: Sequence[tuple[Pixels, Pixels]], fabric: Fabric
) -> float | None:
    """Return the mean RGB PSNR over tiles, after clipping, without rounding; None without tiles."""
    if not tiles:
        return None
    errors = []
    with torch.inference_mode(), fabric.autocast():
        for degraded, reference in tiles:
            enhanced = model(to_batch(degraded[None], fabric)).float().clamp(0.0, 1.0)
            difference = enhanced - to_batch(reference[None], fabric)
            errors.append(difference.double().square().mean())
    total = 0.0
    for error in torch.stack(errors).tolist():  # read once, after the last tile
        total -= 10.0 * math.log10(max(error, 1e-12))
    return total / len(tiles)


def score_tiles(
    model: nn.Module,
    discriminator: nn.Module,
    tiles: Sequence[tuple[Pixels, Pixels]],
    fabric: Fabric,
) -> tuple[Scores, Scores]:
    """Return the discriminator's scores of the references and of the enhanced tiles."""
    real, enhanced = [], []
    with torch.inference_mode(), fabric.autocast():
        for degraded, reference in tiles:
            real.append(discriminator(to_batch(reference[None], fabric)))
            enhanced.append(discriminator(model(to_batch(degraded[None], fabric)).float()))
    return torch.cat(real), torch.cat(enhanced)
