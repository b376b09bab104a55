"""The degradation ``face``: detail lost at full size, by bicubic reduction and enlargement."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import Annotated, ClassVar, Literal

from pydantic import Field, model_validator

from lienet.degradations.reductions import downsample
from lienet.degradations.resize import resize_bicubic
from lienet.images import Pixels
from lienet.params.base import is_unset
from lienet.params.degradations import Degradation, degradations
from lienet.params.variants import Variant

Side = Annotated[int, Field(ge=64)]  # a smaller photograph gives no sample


@degradations.register("face")
class FaceDegradation(Degradation):
    """Faces whose detail is lost: reduced, and enlarged to their size again."""

    purpose: ClassVar = "sharpens photographs of faces that were enlarged from a lower resolution"
    description: ClassVar = "antialiased bicubic ÷{factor}, then ×{factor}"
    bytes_per_pixel: ClassVar = 2.1
    shows_faces: ClassVar = True

    factor: Literal[2, 4]
    test_sides_px: tuple[Side, ...] = Field((), exclude_if=is_unset)
    """Test images are given reduced to each of these shorter sides as well, as ``<key>_<side>px``;
    a photograph that is not larger is not. Multiples of ``factor``."""

    def find_multiple(self) -> int:
        """Return ``factor``."""
        return self.factor

    def list_variants(self) -> Sequence[Variant]:
        """Return the photographs' own size, and each of ``test_sides_px``."""
        own = self.model_copy(update={"test_sides_px": ()})
        return [Variant(own), *(Variant(own, f"_{px}px", px) for px in self.test_sides_px)]

    def degrade_whole(self, photograph: Pixels) -> dict[int, Pixels]:
        """Take a photograph's detail away."""
        return {1: degrade_face(photograph, factor=self.factor)}

    @model_validator(mode="after")
    def _sides_fit(self) -> FaceDegradation:
        sides = self.test_sides_px
        if len({*sides}) != len(sides) or any(each % self.factor for each in sides):
            raise ValueError(
                f"test_sides_px must differ and be multiples of {self.factor}, got {list(sides)}"
            )
        return self


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
