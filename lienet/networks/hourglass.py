"""Hourglasses: features seen at ever lower resolutions and brought back up, sums at each.

Source: Newell, Yang and Deng, "Stacked hourglass networks for human pose estimation", 2016, Fig. 3.
"""

from __future__ import annotations

from torch import nn
from torch.nn import functional

from lienet.networks.blocks import ResidualBlock
from lienet.networks.shapes import Features


class Hourglass(nn.Module):
    """``x -> beside(x) + up(after(inner(before(pool(x)))))``, the inner being the next one.

    Args:
        channels: of every part.
        depth: halvings; sides must divide by 2 to its power.
    """

    def __init__(self, channels: int, depth: int) -> None:
        super().__init__()
        self.beside = ResidualBlock(channels)
        self.before = ResidualBlock(channels)
        self.inner = Hourglass(channels, depth - 1) if depth > 1 else ResidualBlock(channels)
        self.after = ResidualBlock(channels)

    def forward(self, features: Features) -> Features:
        """Look at features at several resolutions."""
        low = self.after(self.inner(self.before(functional.max_pool2d(features, 2))))
        enlarged: Features = functional.interpolate(low, scale_factor=2.0, mode="nearest")
        beside: Features = self.beside(features)
        return beside + enlarged
