"""How pairs of degraded and reference photographs are made: tasks by name, each of some kind.

A kind of degradation is a class with params of its own, registered by its name. Here is what all
have in common; lienet's own kinds are in :mod:`lienet.degradations`.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal, Self

from pydantic import Field, SerializeAsAny, model_validator

from lienet.errors import DataError, InputError
from lienet.params.base import Chroma, Name, Positive, Section, Share, Task, registered_in
from lienet.plugins import Registry

if TYPE_CHECKING:
    import numpy as np

    from lienet.images import Pixels

Draw = Callable[..., "np.random.Generator"]
"""Makes the generator of a sample's random numbers, of its own for each purpose that is named."""
_PNG_COMPRESS_LEVEL = 3
"""A third of the time of zlib's level 6 for an eighth more bytes, measured on photographs."""


@dataclass(frozen=True)
class DegradedInput:
    """What a network is given of one sample."""

    content: bytes
    """JPEG where the world stores JPEG, else PNG."""
    info: Mapping[str, Any] = field(default_factory=dict)
    """What is kept beside it, such as what was drawn."""


class Degradation(Section):
    """What a task is made of, and how its photographs are degraded: the base of every kind.

    A kind adds its params as fields and overrides :meth:`degrade`; where the size changes,
    :meth:`list_scales` and :meth:`degrade_whole` as well. One that changes nothing is refused. Its
    class variables say what a task of the kind is, wherever that matters.
    """

    purpose: ClassVar[str] = "undoes a degradation"
    """What a network for it does, for the card of a model: "This network …"."""
    description: ClassVar[str] = "{kind} (synthesize.tasks.{task})"
    """What is done to a photograph, for the report; ``{task}`` and params stand in braces."""
    bytes_per_pixel: ClassVar[float] = 2.1
    """Of a shard for each pixel of the photographs in it, about."""
    shows_faces: ClassVar[bool] = False
    """Whether it may be made of consenting people's portraits, and identity is compared."""
    shows_real: ClassVar[bool] = False
    """Whether the real photographs of ``synthesize.real_sources`` are enhanced and shown, too."""

    kind: Name
    """Of degradation."""
    sources: Annotated[tuple[Name, ...], Field(min_length=1)] | None
    """The sources that the task is made of; null takes all that serve no other purpose."""
    tile_px: Positive
    """Side of a training or validation tile of the reference; test images stay whole."""
    tile_stride_px: Positive
    flat_std_min: Annotated[float, Field(ge=0.0, lt=128.0)]
    """Training tiles whose luma deviates less than this (0 to 255 scale) are dropped."""
    train_draws: Positive = Field(1, exclude_if=lambda draws: draws == 1)
    """How many times each training tile is degraded, each by draws of its own: a network that sees
    few photographs often learns a single draw by heart. Only of a kind that :attr:`draws`."""

    @property
    def draws(self) -> bool:
        """Whether one tile's inputs differ from draw to draw."""
        own, none = type(self), Degradation
        return own.degrade is not none.degrade or own.make_input is not none.make_input

    @model_validator(mode="after")
    def _draws_differ(self) -> Self:
        if self.train_draws > 1 and not self.draws:
            raise ValueError(f"train_draws must be left out: {self.kind} draws nothing here")
        return self

    def count_draws(self, split: str) -> int:
        """Return how many times each tile of a split is degraded; more than once in training."""
        return self.train_draws if split == "train" else 1

    def list_scales(self) -> tuple[int, ...]:
        """Return how many times smaller the inputs are per side; 1 keeps a photograph's size."""
        return (1,)

    @property
    def enlarges(self) -> bool:
        """Whether networks for it give more pixels than they get."""
        return self.list_scales() != (1,)

    def find_multiple(self) -> int:
        """Return what the sides of a photograph are cropped to multiples of."""
        return math.lcm(*self.list_scales())

    def describe_jpeg(self) -> tuple[int, Chroma] | None:
        """Return quality and chroma where every input is the same kind of JPEG."""
        return None

    def degrade_whole(self, photograph: Pixels) -> dict[int, Pixels]:
        """Degrade a photograph before it is cut into tiles, as far as nothing is drawn for it.

        A tile's border is then made from its true neighbours.

        Args:
            photograph: ``(h, w, 3)`` RGB uint8, its sides multiples of :meth:`find_multiple`.

        Returns:
            by scale, ``(h / scale, w / scale, 3)`` RGB uint8.
        """
        return {1: photograph}

    def degrade(self, pixels: Pixels, generator: np.random.Generator) -> Pixels:
        """Degrade one tile, or a whole test image.

        Args:
            pixels: ``(h, w, 3)`` RGB uint8, what :meth:`degrade_whole` made of it.
            generator: keyed on the seed and the sample: the same in any order, on any worker.

        Returns:
            RGB uint8 of the same size.
        """
        return pixels

    def encode(self, pixels: Pixels) -> bytes:
        """Store a degraded tile as the world would: by default without loss, as PNG."""
        from lienet.images import encode_png

        return encode_png(pixels, compress_level=_PNG_COMPRESS_LEVEL)

    def make_input(self, pixels: Pixels, draw: Draw) -> DegradedInput:
        """Degrade and store one tile; arguments as :meth:`degrade`, with a maker of generators.

        Raises:
            DataError: the kind gives something other than RGB uint8 of the size it was given.
        """
        degraded = self.degrade(pixels, draw())
        if degraded.shape != pixels.shape or degraded.dtype != pixels.dtype:
            raise DataError(
                f"the degradation {self.kind} must give {pixels.dtype} of shape {pixels.shape}",
                got=f"{degraded.dtype} of shape {degraded.shape}",
            )
        return DegradedInput(self.encode(degraded))

    def at_strength(self, strength: float) -> Self:
        """Return the degradation without chance: 0 is its mildest, 1 its strongest.

        Raises:
            InputError: it has no ranges, or the strength is not in [0, 1].
        """
        raise InputError(f"the degradation {self.kind} has no strength to choose", got=strength)

    def describe(self, *, task: str, scale: int) -> str:
        """Return in words what is done to a task's photographs for its inputs of a scale."""
        return self.description.format_map({**dict(self), "task": task})


degradations: Registry[type[Degradation]] = Registry(
    "degradation",
    Degradation,
    one_of=("degrade", "degrade_whole", "encode", "make_input"),
    built_in="lienet.degradations.built_in",
)
"""The kinds of degradation; a plugin adds its own by ``@degradations.register("name")``."""


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


class Synthesize(Section):
    """How degraded and reference pairs are made and sharded."""

    split: SplitShares
    shard_max_mb: Positive
    real_sources: tuple[Name, ...]
    """Real old photographs, of which no undegraded original exists; looked at, never learned."""
    tasks: Annotated[
        dict[
            Task,
            Annotated[SerializeAsAny[Degradation], registered_in(degradations, "kind")],
        ],
        Field(min_length=1),
    ]
    """By name; several may be of one kind."""
