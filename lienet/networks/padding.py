"""Sides that are no multiple of a network's fold: padding before it, cropping after it."""

from __future__ import annotations

from jaxtyping import Float
from torch import Tensor
from torch.nn import functional


def pad_to_multiple(
    image: Float[Tensor, "batch channels height width"], multiple: int
) -> Float[Tensor, "batch channels padded_height padded_width"]:
    """Repeat the last row and column until both sides divide by ``multiple``."""
    missing = (-image.shape[3] % multiple, -image.shape[2] % multiple)
    return functional.pad(image, (0, missing[0], 0, missing[1]), mode="replicate")


def crop_to(
    image: Float[Tensor, "batch channels padded_height padded_width"],
    like: Float[Tensor, "batch like_channels height width"],
) -> Float[Tensor, "batch channels height width"]:
    """Cut off the rows and columns that go beyond those of another image.

    A negative padding: an exported file then gives the input's height and width as they are.
    """
    surplus = [image.shape[axis] - like.shape[axis] for axis in (3, 2)]
    return functional.pad(image, (0, -surplus[0], 0, -surplus[1]))
