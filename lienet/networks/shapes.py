"""Shapes of tensors, stated in the annotations of networks and checked while tests run.

A size that a name stands for is the same in all arguments and the result of one call.
"""

from __future__ import annotations

from jaxtyping import Float, Float32
from torch import Tensor

Images = Float[Tensor, "batch 3 height width"]
"""RGB in [0, 1]; what a network makes of it is not clipped."""
Enlarged = Float[Tensor, "batch 3 height*{self.scale} width*{self.scale}"]
"""What a module makes of images that it enlarges by its ``scale``."""
Phases = Float[Tensor, "batch 3*{self.scale}*{self.scale} height width"]
"""The same before the pixel-shuffle."""
Features = Float[Tensor, "batch channels height width"]
Condition = Float[Tensor, "batch condition_channels height width"]
"""What features of the same size are modulated by."""
Scores = Float32[Tensor, " batch"]
Statistics = tuple[Float32[Tensor, "#batch channels 1 1"], Float32[Tensor, "#batch channels 1 1"]]
"""Mean and variance of each channel, of every image or of one for all."""
