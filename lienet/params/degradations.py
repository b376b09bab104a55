"""How degraded and reference pairs are made: one recipe for each task."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AfterValidator, Field, model_validator

from lienet.params.base import Chroma, Name, Positive, Probability, Range, Section, Share


def _within(low: float, high: float) -> AfterValidator:
    """Return the rule that both ends of a range lie within bounds."""

    def check(pair: tuple[float, float]) -> tuple[float, float]:
        if not low <= pair[0] <= pair[1] <= high:
            raise ValueError(f"both ends must lie in [{low:g}, {high:g}], got {list(pair)}")
        return pair

    return AfterValidator(check)


class SplitShares(Section):
    """How sources with split "auto" are shared out, by image."""

    valid_share: Share
    test_share: Share
    test_images: dict[Name, Positive]
    """For a source whose number of test images is agreed: so many, the rest is for training."""
    max_leak_distance: Annotated[int, Field(ge=0, le=12)] | None
    """A training or validation image is the same picture as a test image of any source if their
    perceptual hashes differ in no more of their 64 bits; null does not look."""
    on_leak: Literal["error", "drop"]
    """Whether such an image stops the stage, or is left out of training and validation."""


class _Recipe(Section):
    sources: Annotated[tuple[Name, ...], Field(min_length=1)] | None
    """The sources that the task is made of; null takes all that serve no other purpose."""
    tile_px: Positive
    """Side of a training or validation tile of the reference; test images stay whole."""
    tile_stride_px: Positive
    flat_std_min: Annotated[float, Field(ge=0.0, lt=128.0)]
    """Training tiles whose luma deviates less than this (0 to 255 scale) are dropped."""


class SrDegradation(_Recipe):
    """Super-resolution with compression removal: bicubic downsampling, then JPEG."""

    scales: Annotated[tuple[Literal[2, 4], ...], Field(min_length=1)]
    jpeg_quality: Annotated[int, Field(ge=1, le=100)]
    jpeg_chroma: Chroma


class FaceDegradation(_Recipe):
    """Lost detail at full size: bicubic downsampling, then bicubic upsampling."""

    factor: Literal[2, 4]


class Fading(Section):
    """Pigments that have paled: lifted blacks, lowered whites, a colour cast."""

    probability: Probability
    black_level: Annotated[Range, _within(0.0, 0.5)]
    """What black has become, as a share of white."""
    white_level: Annotated[Range, _within(0.2, 1.0)]
    """What white has become in a channel of gain 1, as a share of white."""
    red_gain: Annotated[Range, _within(0.2, 1.0)]
    """What remains of a channel's white; where channels differ, greys have a cast."""
    green_gain: Annotated[Range, _within(0.2, 1.0)]
    blue_gain: Annotated[Range, _within(0.2, 1.0)]

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


class SaturationChange(Section):
    """Chroma multiplied by a factor, about the faded greys; below 1 is faded, above 1 garish."""

    probability: Probability
    factor: Annotated[Range, _within(0.0, 3.0)]


class Texture(Section):
    """The relief of print paper, which shades the picture under a slanting light."""

    probability: Probability
    amplitude: Annotated[Range, _within(0.0, 0.5)]
    """Standard deviation of the shading, as a share of the local brightness."""
    period_px: Annotated[Range, _within(2.0, 64.0)]
    """From one ridge, or bump, to the next."""
    kinds: Annotated[
        tuple[Literal["smooth", "oriented", "cross_hatched"], ...], Field(min_length=1)
    ]


class Grain(Section):
    """Film and print grain: noise whose neighbours resemble each other."""

    probability: Probability
    sigma: Annotated[Range, _within(0.0, 0.5)]
    """Standard deviation, as a share of white."""
    correlation_px: Annotated[Range, _within(0.0, 8.0)]
    """Sigma of the Gaussian that correlates neighbours; 0 is white noise."""
    chroma_share: Annotated[Range, _within(0.0, 1.0)]
    """The share of its variance that is coloured: 0 is grey, 1 independent in each channel."""


class RecaptureBlur(Section):
    """The lens of the camera that the print was photographed with."""

    probability: Probability
    sigma_px: Annotated[Range, _within(0.0, 8.0)]


class RecaptureJpeg(Section):
    """The file of the camera that the print was photographed with; lossless where skipped."""

    probability: Probability
    quality: Annotated[Range, _within(1.0, 100.0)]
    """IJG quality, rounded to a whole number when drawn."""
    chroma: Chroma


class OldPhotoDegradation(_Recipe):
    """An old print, photographed with a mobile phone; steps in their physical order."""

    real_sources: tuple[Name, ...]
    """Real old photographs, of which no undegraded original exists; looked at, never learned."""
    fading: Fading
    saturation: SaturationChange
    texture: Texture
    grain: Grain
    blur: RecaptureBlur
    jpeg: RecaptureJpeg


class SynthesizeTasks(Section):
    """One degradation for each task."""

    sr: SrDegradation
    face: FaceDegradation
    old_photo: OldPhotoDegradation


Recipe = SrDegradation | FaceDegradation | OldPhotoDegradation


class Synthesize(Section):
    """How degraded and reference pairs are made and sharded."""

    split: SplitShares
    shard_max_mb: Positive
    tasks: SynthesizeTasks
