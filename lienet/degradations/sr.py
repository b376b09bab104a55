"""The degradation ``sr``, super-resolution: bicubic reduction, then JPEG compression."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from pydantic import Field, model_validator

from lienet.degradations.reductions import downsample
from lienet.images import Pixels, encode_jpeg
from lienet.params.base import Chroma
from lienet.params.degradations import Degradation, degradations


@degradations.register("sr")
class SrDegradation(Degradation):
    """Photographs that were reduced and stored as JPEG, whose very bytes are the inputs."""

    purpose: ClassVar = "enlarges photographs that were reduced and stored as JPEG"
    bytes_per_pixel: ClassVar = 1.3

    scales: Annotated[tuple[Literal[2, 3, 4], ...], Field(min_length=1)]
    """By how much photographs are reduced per side. Their sides are cropped to multiples of all
    scales of a task: published figures take a task for each scale."""
    jpeg_quality: Annotated[int, Field(ge=1, le=100)] | None
    """IJG quality; null, and ``jpeg_chroma`` too, stores the inputs without loss."""
    jpeg_chroma: Chroma | None

    def list_scales(self) -> tuple[int, ...]:
        """Return ``scales``."""
        return self.scales

    def describe_jpeg(self) -> tuple[int, Chroma] | None:
        """Return the quality and chroma of every input."""
        if self.jpeg_quality is None or self.jpeg_chroma is None:
            return None
        return self.jpeg_quality, self.jpeg_chroma

    def degrade_whole(self, photograph: Pixels) -> dict[int, Pixels]:
        """Reduce a photograph by each scale."""
        return {scale: downsample(photograph, scale=scale) for scale in self.scales}

    def encode(self, pixels: Pixels) -> bytes:
        """Store a reduced tile as JPEG, or without loss."""
        jpeg = self.describe_jpeg()
        if jpeg is None:
            return super().encode(pixels)
        return encode_jpeg(pixels, quality=jpeg[0], chroma=jpeg[1])

    def describe(self, *, task: str, scale: int) -> str:
        """Return scale and JPEG in words."""
        jpeg = self.describe_jpeg()
        stored = "" if jpeg is None else f", JPEG quality {jpeg[0]} with {jpeg[1]} chroma"
        return f"antialiased bicubic ÷{scale}{stored}"

    @model_validator(mode="after")
    def _both_or_none(self) -> SrDegradation:
        if (self.jpeg_quality is None) != (self.jpeg_chroma is None):
            raise ValueError("jpeg_quality and jpeg_chroma are both given, or both null")
        return self
