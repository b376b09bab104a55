"""How much of a photograph's detail a network invents or loses: an error of gradients."""

from typing import ClassVar

import numpy as np

from lienet.images import Pixels
from lienet.params import Metric, metrics


@metrics.register("gradient_error")
class GradientError(Metric):
    """Mean difference of neighbouring pixels' differences, in steps of 0 to 255."""

    title: ClassVar = "gradient error"
    is_less_better: ClassVar = True

    order: int = 1

    def measure(self, reference: Pixels, enhanced: Pixels) -> float:
        """Compare two images of one size, RGB uint8 ``h w 3``."""
        true, found = (
            np.diff(image.astype(float), n=self.order, axis=1) for image in (reference, enhanced)
        )
        return float(np.abs(true - found).mean())
