"""The degradation ``sr``, super-resolution: bicubic reduction, then JPEG compression."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any, ClassVar, Literal, Self

from pydantic import (
    Field,
    ValidationError,
    ValidatorFunctionWrapHandler,
    WrapValidator,
    model_validator,
)

from lienet.degradations.reductions import downsample
from lienet.errors import InputError
from lienet.images import Pixels, encode_jpeg
from lienet.params.base import Chroma, Range, is_unset, within
from lienet.params.degradations import Degradation, DegradedInput, Draw, degradations
from lienet.params.variants import Variant


def _say_what_is_wrong(value: object, check: ValidatorFunctionWrapHandler) -> Any:
    """Refuse a value in one sentence, where pydantic has one for each type that it is not."""
    try:
        return check(value)
    except ValidationError:
        got = f", got {value}" if isinstance(value, list | tuple) else ""
        rule = "must be null, one quality, or a range [low, high] of them, low first, from 1 to 100"
        raise ValueError(f"{rule}{got}") from None


Quality = Annotated[int, Field(ge=1, le=100)]
QualityRange = Annotated[Range, within(1.0, 100.0)]


@degradations.register("sr")
class SrDegradation(Degradation):
    """Photographs that were reduced and stored as JPEG, whose very bytes are the inputs."""

    purpose: ClassVar = "enlarges photographs that were reduced and stored as JPEG"
    bytes_per_pixel: ClassVar = 1.3

    scales: Annotated[tuple[Literal[2, 3, 4], ...], Field(min_length=1)]
    """By how much photographs are reduced per side. Their sides are cropped to multiples of all
    scales of a task: published figures take a task for each scale."""
    jpeg_quality: Annotated[Quality | QualityRange | None, WrapValidator(_say_what_is_wrong)]
    """IJG quality; of a range each tile draws its own, rounded to a whole number. Null, and
    ``jpeg_chroma`` too, stores the inputs without loss."""
    jpeg_chroma: Chroma | None
    test_jpeg_qualities: tuple[Quality, ...] = Field((), exclude_if=is_unset)
    """Test images are given at each of these, a sample for each, as ``<key>_q<quality>``; where
    there are none, at ``jpeg_quality``, which is then no range."""

    @property
    def jpeg_range(self) -> tuple[float, float] | None:
        """The lowest and the highest quality; None without JPEG."""
        quality = self.jpeg_quality
        return (quality, quality) if isinstance(quality, int) else quality

    def list_scales(self) -> tuple[int, ...]:
        """Return ``scales``."""
        return self.scales

    def describe_jpeg(self) -> tuple[int, Chroma] | None:
        """Return the quality and chroma of every input, where there is one quality."""
        if self.jpeg_range is None or self.jpeg_chroma is None:
            return None
        low, high = self.jpeg_range
        return (round(low), self.jpeg_chroma) if low == high else None

    @property
    def draws(self) -> bool:
        """Whether its JPEG quality is drawn."""
        return self.jpeg_quality is not None and self.describe_jpeg() is None

    def list_variants(self) -> Sequence[Variant]:
        """Return the degradation at each of ``test_jpeg_qualities``; itself if there are none."""
        if not self.test_jpeg_qualities:
            return [Variant(self)]
        return [Variant(self._at(each), f"_q{each}") for each in self.test_jpeg_qualities]

    def degrade_whole(self, photograph: Pixels) -> dict[int, Pixels]:
        """Reduce a photograph by each scale."""
        return {scale: downsample(photograph, scale=scale) for scale in self.scales}

    def encode(self, pixels: Pixels) -> bytes:
        """Store a reduced tile as JPEG of one quality, or without loss."""
        jpeg = self.describe_jpeg()
        if jpeg is None:
            return super().encode(pixels)
        return encode_jpeg(pixels, quality=jpeg[0], chroma=jpeg[1])

    def make_input(self, pixels: Pixels, draw: Draw) -> DegradedInput:
        """Store a reduced tile; a quality that was drawn is kept beside it, one for all scales."""
        if not isinstance(self.jpeg_quality, tuple):
            return super().make_input(pixels, draw)
        quality = round(draw("jpeg_quality").uniform(*self.jpeg_quality))
        return DegradedInput(self._at(quality).encode(pixels), {"jpeg_quality": quality})

    def at_strength(self, strength: float) -> Self:
        """Return the degradation at one point of its range: 0 is its highest quality.

        Raises:
            InputError: it has no range, or the strength is not in [0, 1].
        """
        if not isinstance(self.jpeg_quality, tuple):
            return super().at_strength(strength)
        if not 0.0 <= strength <= 1.0:
            raise InputError("the strength of a JPEG is in [0, 1]", got=strength)
        low, high = self.jpeg_quality
        quality = high + strength * (low - high)
        return self._at(quality)

    def describe(self, *, task: str, scale: int) -> str:
        """Return scale and JPEG in words."""
        stored = ""
        if self.jpeg_range is not None:
            quality = " to ".join(f"{each:g}" for each in sorted({*self.jpeg_range}))
            stored = f", JPEG quality {quality} with {self.jpeg_chroma} chroma"
        return f"antialiased bicubic ÷{scale}{stored}"

    def _at(self, quality: float) -> Self:
        """Return the degradation with a range of one quality, which its samples then state."""
        only = {"jpeg_quality": (quality, quality), "test_jpeg_qualities": ()}
        return self.model_copy(update=only)

    @model_validator(mode="after")
    def _fits_together(self) -> SrDegradation:
        if (self.jpeg_quality is None) != (self.jpeg_chroma is None):
            raise ValueError("jpeg_quality and jpeg_chroma are both given, or both null")
        if self.test_jpeg_qualities and self.jpeg_quality is None:
            raise ValueError("test_jpeg_qualities are for inputs that are JPEG, by jpeg_quality")
        if len({*self.test_jpeg_qualities}) != len(self.test_jpeg_qualities):
            raise ValueError(
                f"test_jpeg_qualities must differ, got {list(self.test_jpeg_qualities)}"
            )
        if self.draws and not self.test_jpeg_qualities:
            raise ValueError(
                "jpeg_quality is a range, so test_jpeg_qualities must say at which qualities test "
                "images are given"
            )
        return self
