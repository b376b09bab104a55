"""How degraded and reference pairs are made: one recipe for each task."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from lienet.sections.common import Chroma, Name, Positive, Probability, Range, Section, Share


class SplitShares(Section):
    """How sources with split "auto" are shared out, by image."""

    valid_share: Share
    test_share: Share
    test_images: dict[Name, Positive]
    """For a source whose number of test images is agreed: so many, the rest is for training."""


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
    black_level: Range
    """What black has become, as a share of white."""
    white_level: Range
    """What white has become, as a share of white."""
    red_gain: Range
    green_gain: Range
    blue_gain: Range


class SaturationChange(Section):
    """Chroma multiplied by a factor; below 1 is faded, above 1 oversaturated."""

    probability: Probability
    factor: Range


class Texture(Section):
    """The relief of print paper, which shades the picture under a slanting light."""

    probability: Probability
    amplitude: Range
    """Standard deviation of the shading, as a share of the local brightness."""
    period_px: Range
    kinds: Annotated[
        tuple[Literal["smooth", "oriented", "cross_hatched"], ...], Field(min_length=1)
    ]


class Grain(Section):
    """Film and print grain: noise whose neighbours resemble each other."""

    probability: Probability
    sigma: Range
    """Standard deviation, as a share of white."""
    correlation_px: Range
    """Sigma of the Gaussian that correlates neighbours; 0 is white noise."""
    chroma_share: Range
    """How much of it is coloured: 0 is grey, 1 is independent in each channel."""


class RecaptureBlur(Section):
    """The lens of the camera that the print was photographed with."""

    probability: Probability
    sigma_px: Range


class RecaptureJpeg(Section):
    """The file of the camera that the print was photographed with; lossless where skipped."""

    probability: Probability
    quality: Range
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
