"""Test images that are given in several stated ways, such as at several JPEG qualities or sizes.

Owns the protocol alone. Training may draw its quality from a range; what is measured is stated.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from lienet.params.base import Chroma
from lienet.params.degradations import Degradation


@dataclass(frozen=True)
class Variant:
    """One way in which test images are given."""

    degradation: Degradation
    """One kind of JPEG, as its ``describe_jpeg`` says, or none. Where test images are given at
    several qualities it keeps the quality beside its samples as ``jpeg_quality``."""
    ending: str = ""
    """What is added to the keys of its samples."""
    side_px: int | None = None
    """The photograph is reduced to this shorter side first, which its samples keep as ``side_px``;
    None leaves it as it is."""


@runtime_checkable
class HasVariants(Protocol):
    """A degradation that gives each test image several times."""

    def list_variants(self) -> Sequence[Variant]:
        """Return how test images are given; their endings differ."""
        ...


def list_variants(degradation: Degradation) -> Sequence[Variant]:
    """Return how test images are given: mostly once, and as all others."""
    if isinstance(degradation, HasVariants):
        return degradation.list_variants()
    return [Variant(degradation)]


def find_variant(
    degradation: Degradation,
    quality: int | None,
    chroma: Chroma | None,
    *,
    side_px: int | None = None,
) -> Variant | None:
    """Return the test images of this size and JPEG, or without one where both are None, if any."""
    for variant in list_variants(degradation):
        made = variant.degradation.describe_jpeg() or (None, None)
        if made == (quality, chroma) and variant.side_px == side_px:
            return variant
    return None
