"""Sensor noise: what a task that denoises photographs undoes."""

from typing import Annotated, ClassVar

import numpy as np
from pydantic import Field

from lienet.images import Pixels
from lienet.params import Degradation, degradations


@degradations.register("noise")
class Noise(Degradation):
    """Gaussian noise, of its own in each channel."""

    purpose: ClassVar = "takes the noise out of photographs"
    description: ClassVar = "Gaussian noise, σ {sigma} of 255"

    sigma: Annotated[float, Field(gt=0, le=128)]

    def degrade(self, pixels: Pixels, generator: np.random.Generator) -> Pixels:
        """Add the noise of one sample."""
        noisy = pixels + generator.normal(0.0, self.sigma, pixels.shape)
        return np.clip(np.rint(noisy), 0, 255).astype(np.uint8)
