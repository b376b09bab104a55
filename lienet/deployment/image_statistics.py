"""Statistics of a whole image, gathered tile by tile, for networks that normalise by them.

Nothing larger than a tile is held. Sums are merged in float64.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from torch import Tensor

from lienet.deployment.runtimes import Network
from lienet.networks.spade import Statistics

Tiles = Callable[[], Iterable[tuple[Tensor, tuple[slice, slice]]]]
"""Gives, each time anew, tiles ``1 3 h w`` with the rows and columns of their features to count."""


@dataclass(frozen=True)
class Moments:
    """Number, mean and sum of squared deviations of each channel, float64 ``c``."""

    count: int
    mean: Tensor
    squares: Tensor

    @classmethod
    def of(cls, features: Tensor) -> Moments:
        """Measure ``1 c h w``."""
        values = features.double().flatten(2)[0]
        mean = values.mean(1)
        return cls(values.shape[1], mean, (values - mean[:, None]).square().sum(1))

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
            squares + apart.square() * (self.count * other.count / count),
        )

    def as_statistics(self) -> Statistics:
        """Return mean and variance as a network takes them, float32 ``1 c 1 1``."""
        shape = (1, -1, 1, 1)
        variance = self.squares / self.count
        return self.mean.float().reshape(shape), variance.float().reshape(shape)


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
