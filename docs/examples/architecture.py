"""Three convolutions at low resolution and a pixel-shuffle."""

from typing import Any, ClassVar

from lienet.params import Model, Positive, architectures


@architectures.register("three_layers")
class ThreeLayers(Model):
    """Three convolutions, the last of them one output pixel for each of its channels."""

    scales: ClassVar = (2, 4)

    channels: Positive

    def build(self) -> Any:
        """Return the network."""
        from torch import nn

        wide, narrow = 2 * self.channels, self.channels
        return nn.Sequential(
            nn.Conv2d(3, wide, 5, padding=2),
            nn.Tanh(),
            nn.Conv2d(wide, narrow, 3, padding=1),
            nn.Tanh(),
            nn.Conv2d(narrow, 3 * self.scale**2, 3, padding=1),
            nn.PixelShuffle(self.scale),
        )
