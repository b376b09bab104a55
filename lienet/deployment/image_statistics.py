"""Statistics of a whole image, gathered tile by tile, for networks that normalise by them.

Nothing larger than a tile is held. Sums are merged in float64.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lienet.deployment.runtimes import Network, Planes, Statistics

Tiles = Callable[[], Iterable[tuple[Planes, tuple[slice, slice]]]]
"""Gives, each time anew, tiles ``1 3 h w`` with the rows and columns of their features to count."""


@dataclass(frozen=True)
class Moments:
    """Number, mean and sum of squared deviations of each channel, float64 ``c``."""

    count: int
    mean: NDArray[np.float64]
    squares: NDArray[np.float64]

    @classmethod
    def of(cls, features: Planes) -> Moments:
        """Measure ``1 c h w``."""
        values = features[0].reshape(features.shape[1], -1).astype(np.float64)
        mean = values.mean(axis=1)
        return cls(values.shape[1], mean, np.square(values - mean[:, None]).sum(axis=1))

    def merge(self, other: Moments) -> Moments:
        """Return the moments of both together.

        Source: Chan, Golub and LeVeque, "Updating formulae and a pairwise algorithm for computing
        sample variances", 1979, eq. 2.1.
        """
        count = self.count + other.count
        apart = other.mean - self.mean
        squares = self.squares + other.squares
        return Moments(
            count,
            self.mean + apart * (other.count / count),
            squares + np.square(apart) * (self.count * other.count / count),
        )

    def as_statistics(self) -> Statistics:
        """Return mean and variance as a network takes them, float32 ``1 c 1 1``."""
        shape = (1, -1, 1, 1)
        variance = self.squares / self.count
        return (
            self.mean.astype(np.float32).reshape(shape),
            variance.astype(np.float32).reshape(shape),
        )


def gather_statistics(network: Network, tiles: Tiles) -> list[Statistics]:
    """Return what each normalising layer of a network would find on the whole image.

    Every layer takes one walk over the tiles, as what it sees depends on the layers before it.
    """
    known: list[Statistics] = []
    for _ in range(network.num_statistics):
        total: Moments | None = None
        for tile, (rows, columns) in tiles():
            features = network.features_to_normalise(tile, known)[..., rows, columns]
            if 0 in features.shape:
                continue
            found = Moments.of(features)
            total = found if total is None else total.merge(found)
        assert total is not None
        known.append(total.as_statistics())
    return known
