"""Partial non-local attention: what is defective is filled in from what is not.

Source: Wan et al., "Bringing old photos back to life", 2020, section 3.2. There every position
attends to the whole image, at a cost that grows with the square of its pixels. Here it attends to a
grid of positions around it, so that the cost is linear, and a tile gives what its image does but
near its borders.
"""

from __future__ import annotations

import math

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional

from lienet.networks.blocks import conv
from lienet.networks.shapes import Features

Keys = Float[Tensor, "batch depth height width"]
Defects = Float[Tensor, "batch 1 height width"]
"""How defective a position is, from 0, intact, to 1."""
GRID_SIDE = 7
"""Positions along each side of the grid that is attended to."""
GRID_STEP = 3
"""Between neighbours of the grid: it reaches 9 positions to each side."""


def attend_partially(query: Keys, key: Keys, value: Features, defects: Defects) -> Features:
    """Return for each position the mean of values on the grid around it, by likeness and intact.

    ``o_i = sum_j w_ij v_j / sum_j w_ij`` with ``w_ij = (1 - m_j) exp(q_i k_j / sqrt(d))``. What
    lies beyond the border counts for nothing, and where all is defective the result is zero.

    Args:
        query: ``n d h w``.
        key: ``n d h w``.
        value: ``n c h w``.
        defects: the m of each position.
    """
    num_images, depth, height, width = query.shape
    keys = _gather(key)
    score = (query[:, :, None] * keys).sum(1) / math.sqrt(depth)
    weight = torch.softmax(score.float(), dim=1) * _gather(1.0 - defects.float())[:, 0]
    share = weight / (weight.sum(1, keepdim=True) + 1e-6)
    gathered = (share[:, None].to(value.dtype) * _gather(value)).sum(2)
    return gathered.reshape(num_images, value.shape[1], height, width)


def _gather(
    features: Features,
) -> Float[Tensor, "batch channels positions height width"]:
    """Return features at each position of the grid around each position, zero beyond the border."""
    reach = GRID_SIDE // 2 * GRID_STEP
    height, width = features.shape[2:]
    padded = functional.pad(features, (reach, reach, reach, reach))
    starts = range(0, GRID_SIDE * GRID_STEP, GRID_STEP)
    rows = torch.stack([padded[:, :, start : start + height] for start in starts], dim=2)
    both = torch.stack([rows[..., start : start + width] for start in starts], dim=3)
    return both.flatten(2, 3)


class PartialNonlocal(nn.Module):
    """Attention to intact positions, between 1x1 convolutions."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.query = conv(channels, channels // 4, 1)
        self.key = conv(channels, channels // 4, 1)
        self.value = conv(channels, channels // 2, 1)
        self.output = conv(channels // 2, channels, 1)

    def forward(self, features: Features, defects: Defects) -> Features:
        """Return what each position would be by the intact ones around it."""
        found = attend_partially(
            self.query(features), self.key(features), self.value(features), defects
        )
        filled: Features = self.output(found)
        return filled
