"""Test images that are degraded in several stated ways, such as at several JPEG qualities.

Owns the protocol alone. Training may draw its quality from a range; what is measured is stated.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol, runtime_checkable

from lienet.params.base import Chroma
from lienet.params.degradations import Degradation


@runtime_checkable
class HasVariants(Protocol):
    """A degradation that gives each test image several times, at one JPEG quality each."""

    def list_variants(self) -> Mapping[str, Degradation]:
        """Return how test images are degraded, by what is added to the keys of their samples.

        Each is one kind of JPEG, as its ``describe_jpeg`` says, and keeps the quality beside its
        samples as ``jpeg_quality``.
        """
        ...


def list_variants(degradation: Degradation) -> Mapping[str, Degradation]:
    """Return how test images are degraded, by what is added to their keys; mostly as all others."""
    if isinstance(degradation, HasVariants):
        return degradation.list_variants()
    return {"": degradation}


def find_variant(
    degradation: Degradation, quality: int | None, chroma: Chroma | None
) -> Degradation | None:
    """Return what makes test images of this JPEG, or without one where both are None, if any."""
    for variant in list_variants(degradation).values():
        if (variant.describe_jpeg() or (None, None)) == (quality, chroma):
            return variant
    return None
