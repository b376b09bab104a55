"""The degradation ``face``: detail lost at full size, by bicubic reduction and enlargement."""

from __future__ import annotations

from fractions import Fraction
from typing import ClassVar, Literal

from lienet.degradations.reductions import downsample
from lienet.degradations.resize import resize_bicubic
from lienet.images import Pixels
from lienet.params.degradations import Degradation, degradations


@degradations.register("face")
class FaceDegradation(Degradation):
    """Faces whose detail is lost: reduced, and enlarged to their size again."""

    purpose: ClassVar = "sharpens photographs of faces that were enlarged from a lower resolution"
    description: ClassVar = "antialiased bicubic ÷{factor}, then ×{factor}"
    bytes_per_pixel: ClassVar = 2.1
    shows_faces: ClassVar = True

    factor: Literal[2, 4]

    def find_multiple(self) -> int:
        """Return ``factor``."""
        return self.factor

    def degrade_whole(self, photograph: Pixels) -> dict[int, Pixels]:
        """Take a photograph's detail away."""
        return {1: degrade_face(photograph, factor=self.factor)}


def degrade_face(pixels: Pixels, *, factor: int) -> Pixels:
    """Take a picture's detail away at its size: bicubic reduction, then bicubic enlargement.

    Args:
        pixels: ``(factor * h, factor * w, 3)`` RGB uint8.
        factor: of each side.

    Returns:
        RGB uint8 of the same size, which the world would store without loss.

    Raises:
        InputError: a side is not a multiple of ``factor``.
    """
    return resize_bicubic(downsample(pixels, scale=factor), scale=Fraction(factor))
