"""The degradation ``old_photo_scratched``: noise, blur and compression in any order, and damage.

The recipe of Wan et al., "Bringing old photos back to life", 2020. Its authors blend pictures of
scratches and of paper over a photograph; here scratches and paper are drawn.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, ClassVar, Literal

from pydantic import AfterValidator, Field

from lienet.params.base import Chroma, Positive, Probability, Range, Section, within
from lienet.params.degradations import Degradation, DegradedInput, Draw, degradations

if TYPE_CHECKING:
    from lienet.images import Pixels

BlendMode = Literal["addition", "lighten", "screen"]


def _is_odd(side_px: int) -> int:
    if side_px % 2 == 0:
        raise ValueError(f"a kernel has an odd side, got {side_px}")
    return side_px


OddPx = Annotated[Positive, AfterValidator(_is_odd)]


class Unstructured(Section):
    """What lies over the whole photograph: each step by chance, in an order that is drawn."""

    probability: Probability
    """Of each step."""
    noise_sigma: Annotated[Range, within(0.0, 128.0)]
    """Deviation of white noise, in levels of 255."""
    blur_px: Annotated[Range, within(0.1, 16.0)]
    """Sigma of a Gaussian, cut off at the border of its kernel."""
    kernel_px: Annotated[tuple[OddPx, ...], Field(min_length=1)]
    """Sides of that kernel, and of the box that a lens out of focus averages over."""
    jpeg_quality: Annotated[Range, within(1.0, 100.0)]
    """IJG quality, rounded to a whole number when drawn."""
    jpeg_chroma: Chroma
    colour_shift: Annotated[float, Field(ge=0.0, le=128.0)]
    """The most by which each channel is brightened or darkened, in levels of 255."""


class Structured(Section):
    """Damage in places: scratches over the photograph, and holes through which paper shows."""

    probability: Probability
    """Of scratches, and of holes."""
    num_scratches: Annotated[Range, within(0.0, 1000.0)]
    """For each 256 x 256 px."""
    scratch_px: Annotated[Range, within(0.5, 16.0)]
    """Their width."""
    opacity: Annotated[Range, within(0.0, 1.0)]
    modes: Annotated[tuple[BlendMode, ...], Field(min_length=1)]
    hole_px: Annotated[Range, within(1.0, 64.0)]
    """Their size, about."""
    hole_share: Annotated[Range, within(0.0, 0.5)]
    """How much of the photograph they take."""


@degradations.register("old_photo_scratched")
class ScratchedPhotoDegradation(Degradation):
    """An old photograph with noise, blur and the marks of a file, scratched and torn.

    Each tile is damaged by itself. The result is stored without loss.
    """

    purpose: ClassVar = "restores old photographs that are noisy, blurred, scratched and torn"
    description: ClassVar = "noise, blur, JPEG, scratches and holes (synthesize.tasks.{task})"
    shows_real: ClassVar = True

    unstructured: Unstructured
    structured: Structured

    def make_input(self, pixels: Pixels, draw: Draw) -> DegradedInput:
        """Damage a photograph, then let it lose quality as a whole."""
        from lienet.degradations.damage import damage, lose_quality

        damaged = damage(pixels, self.structured, draw)
        return DegradedInput(self.encode(lose_quality(damaged, self.unstructured, draw)))
