"""The params of old photographs: for each step its probability and the ranges of its strength."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, ClassVar, Literal, Self

from pydantic import Field, model_validator

from lienet.errors import InputError
from lienet.params.base import Chroma, Probability, Range, Section, within

TextureKind = Literal["smooth", "oriented", "cross_hatched"]


class Step(Section):
    """One step of ageing; a value is as likely anywhere in its range."""

    identities: ClassVar[Mapping[str, float]] = {}
    """For each range the value that changes least; 0 where none is named."""

    probability: Probability

    def at_strength(self, strength: float) -> Self:
        """Return the step with one point for each range, certain if it is possible at all.

        A range runs from the value in it that changes least to the end that lies further off: what
        spans both sides of that value is shown on one of them.
        """
        fixed: dict[str, object] = {"probability": float(self.probability > 0.0)}
        for name, value in self:
            match value:
                case (float(low), float(high)):
                    mild = min(max(self.identities.get(name, 0.0), low), high)
                    strong = low if mild - low > high - mild else high
                    point = mild + strength * (strong - mild)
                    fixed[name] = (point, point)
                case tuple(choices):
                    fixed[name] = (choices[round(strength * (len(choices) - 1))],)
        return self.model_copy(update=fixed)


class Fading(Step):
    """Pigments that have paled: lifted blacks, lowered whites, a colour cast."""

    identities: ClassVar = dict.fromkeys(
        ("white_level", "red_gain", "green_gain", "blue_gain"), 1.0
    )

    black_level: Annotated[Range, within(0.0, 0.5)]
    """What black has become, as a share of white."""
    white_level: Annotated[Range, within(0.2, 1.0)]
    """What white has become in a channel of gain 1, as a share of white."""
    red_gain: Annotated[Range, within(0.2, 1.0)]
    """What remains of a channel's white; where channels differ, greys have a cast."""
    green_gain: Annotated[Range, within(0.2, 1.0)]
    blue_gain: Annotated[Range, within(0.2, 1.0)]

    @model_validator(mode="after")
    def _white_stays_above_black(self) -> Fading:
        gains = (self.red_gain, self.green_gain, self.blue_gain)
        white = self.white_level[0] * min(low for low, _ in gains)
        if self.black_level[1] >= white:
            raise ValueError(
                f"black_level up to {self.black_level[1]:g} must stay below the lowest "
                f"white_level x gain, {white:.3g}"
            )
        return self


class SaturationChange(Step):
    """Chroma multiplied by a factor, about the faded greys; below 1 is faded, above 1 garish."""

    identities: ClassVar = {"factor": 1.0}

    factor: Annotated[Range, within(0.0, 3.0)]


class Texture(Step):
    """The surface of print paper, which shades the picture under a slanting light."""

    amplitude: Annotated[Range, within(0.0, 0.5)]
    """Standard deviation of the shading, as a share of the local brightness."""
    period_px: Annotated[Range, within(2.0, 64.0)]
    """From one ridge, or bump, to the next."""
    kinds: Annotated[tuple[TextureKind, ...], Field(min_length=1)]


class Grain(Step):
    """Film and print grain: noise whose neighbours resemble each other."""

    sigma: Annotated[Range, within(0.0, 0.5)]
    """Standard deviation, as a share of white."""
    correlation_px: Annotated[Range, within(0.0, 8.0)]
    """Sigma of the Gaussian that correlates neighbours; 0 is white noise."""
    chroma_share: Annotated[Range, within(0.0, 1.0)]
    """The share of its variance that is coloured: 0 is grey, 1 independent in each channel."""


class RecaptureBlur(Step):
    """The lens of the camera that the print was photographed with."""

    sigma_px: Annotated[Range, within(0.0, 8.0)]


class RecaptureJpeg(Step):
    """The file of the camera that the print was photographed with; lossless where skipped."""

    identities: ClassVar = {"quality": 100.0}

    quality: Annotated[Range, within(1.0, 100.0)]
    """IJG quality, rounded to a whole number when drawn."""
    chroma: Chroma


class OldPhotoSteps(Section):
    """The steps of ageing, in their physical order."""

    fading: Fading
    saturation: SaturationChange
    texture: Texture
    grain: Grain
    blur: RecaptureBlur
    jpeg: RecaptureJpeg

    def at_strength(self, strength: float) -> Self:
        """Return the steps at one point of every range: 0 is the mildest end, 1 the strongest.

        The kinds of texture stand at equal distances in their order.

        Raises:
            InputError: the strength is not in [0, 1].
        """
        if not 0.0 <= strength <= 1.0:
            raise InputError("the strength of an old photograph's look is in [0, 1]", got=strength)
        steps = {name: getattr(self, name).at_strength(strength) for name in STEPS}
        return self.model_copy(update=steps)


STEPS = tuple(OldPhotoSteps.model_fields)
"""The steps' names, in their order."""
