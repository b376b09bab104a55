"""What the runtimes of phones have in common: one image in, statistics of SPADE layers beside it.

Owns the order of a file's inputs and outputs, and how a file that does not say is asked what it
takes. Inputs are the image, then mean and variance of each SPADE layer; outputs are the enhanced
image, then what each of these layers normalises. A negative variance asks for the input's own.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from functools import cached_property
from itertools import chain
from pathlib import Path

import numpy as np

from lienet.deployment.input_sizes import find_sizes, round_up
from lienet.deployment.runtimes import Planes, Statistics
from lienet.deployment.tensor_names import UNKNOWN_VARIANCE


class PhoneNetwork(ABC):
    """A file in the runtime that phones run it in, on the CPU.

    Args:
        path: the file.
        channels: how many channels each SPADE layer normalises, in order; empty for most networks.
        input_size_px: the only (height, width) it takes; None where it takes any.
        max_side_px: the longest side it takes; None where it takes any.
    """

    def __init__(
        self,
        path: Path,
        *,
        channels: Sequence[int] = (),
        input_size_px: tuple[int, int] | None = None,
        max_side_px: int | None = None,
    ) -> None:
        self.path = path
        self.input_size_px = input_size_px
        self.max_side_px = max_side_px
        self._channels = tuple(channels)

    @abstractmethod
    def run(self, inputs: Sequence[Planes]) -> list[Planes]:
        """Return all outputs, for the image and the statistics in order.

        Raises:
            ModelError: the runtime refuses them.
        """

    @property
    def metadata(self) -> dict[str, str]:
        """What the file says of itself: nothing, in these formats."""
        return {}

    @property
    def num_statistics(self) -> int:
        """How many layers normalise by statistics that can be given."""
        return len(self._channels)

    @property
    def scale(self) -> int:
        """By how much it enlarges per side.

        Raises:
            ModelError: by no whole factor, or it fails on images of every size.
        """
        return self._trial[0]

    @cached_property
    def fold(self) -> int:
        """Input pixels for each of what is normalised, per side."""
        if not self._channels:
            return 1
        height_px, width_px = self.fit_size(64, 64)
        image = np.zeros((1, 3, height_px, width_px), np.float32)
        return height_px // int(self.run([image, *self._own()])[1].shape[2])

    def fit_size(self, height_px: int, width_px: int) -> tuple[int, int]:
        """Return the least height and width that it takes and that are no smaller than these.

        Raises:
            ModelError: as :attr:`scale`.
        """
        if self.input_size_px is not None:
            return self.input_size_px
        return round_up(height_px, width_px, multiple=self._trial[1])

    def __call__(self, degraded: Planes, statistics: Sequence[Statistics] | None = None) -> Planes:
        """Map float32 ``1 3 h w`` to float32 ``1 3 h*scale w*scale``, not clipped.

        Raises:
            ModelError: the runtime refuses this input.
        """
        return self.run([np.ascontiguousarray(degraded), *self._own(statistics or ())])[0]

    def features_to_normalise(self, degraded: Planes, known: Sequence[Statistics]) -> Planes:
        """Return what layer number ``len(known)`` of ``num_statistics`` normalises.

        Raises:
            ModelError: the runtime refuses this input.
        """
        made = self.run([np.ascontiguousarray(degraded), *self._own(known)])
        return made[1 + len(known)]

    def _own(self, known: Sequence[Statistics] = ()) -> list[Planes]:
        """Return the statistics that are known, and for other layers the wish for their own."""
        given = list(chain.from_iterable(known))
        for channels in self._channels[len(known) :]:
            shape = (1, channels, 1, 1)
            given += [np.zeros(shape, np.float32), np.full(shape, UNKNOWN_VARIANCE, np.float32)]
        return [np.ascontiguousarray(each, np.float32) for each in given]

    @cached_property
    def _trial(self) -> tuple[int, int]:
        """The scale, and the number of which both sides of an input must be a multiple."""
        return find_sizes(self, self.path, self.input_size_px)
