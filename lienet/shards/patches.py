"""Training patches: random, aligned pairs out of a split's tiles, as uint8 batches.

Two stores with one interface: ``PatchStore`` keeps every decoded tile in memory, ``PatchStream``
a window of them that moves through the shards. A draw is a pure function of seed, step and rank,
so training can be taken up at any step.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count, islice
from pathlib import Path

import numpy as np

from lienet.draws import keyed_generator
from lienet.errors import DataError
from lienet.images import Pixels
from lienet.shards.pairs import Pair, decode_pair, decode_pairs
from lienet.shards.patch_sampling import PatchLocations, copy_patches, draw_locations
from lienet.shards.reading import Sample, ShardEntry, iterate_samples, read_index, stream_shard

_WINDOW_TILES = 1024
_PATCHES_PER_TILE = 8


class PatchStore:
    """Decoded tiles, resident in memory."""

    def __init__(self, tiles: list[Pair], *, scale: int, name: str) -> None:
        """Take decoded tiles; ``name`` stands for them in errors."""
        self.tiles = tiles
        self.scale = scale
        self._name = name
        self._sizes_px = np.array([tile.shape[:2] for tile, _ in tiles], np.int64).reshape(-1, 2)

    @classmethod
    def load(cls, split_dir: Path, *, scale: int, num_workers: int = 1) -> PatchStore:
        """Decode every tile of a split, in ``num_workers`` threads.

        Raises:
            DataError: the split is broken, empty, or lacks this scale.
        """
        _check_not_empty(split_dir)
        tiles = list(decode_pairs(iterate_samples(split_dir), scale, num_workers))
        return cls(tiles, scale=scale, name=str(split_dir))

    @property
    def num_bytes(self) -> int:
        """The memory that the pixels take."""
        return sum(degraded.nbytes + reference.nbytes for degraded, reference in self.tiles)

    def draw_locations(
        self, *, seed: int, step: int, batch_size: int, patch_px: int, rank: int = 0
    ) -> PatchLocations:
        """Draw where a step's patches lie; every location of every tile is as likely.

        Raises:
            DataError: every tile is smaller than a patch.
        """
        generator = keyed_generator(seed, "patches", step, rank)
        return draw_locations(
            self._sizes_px, generator, batch_size=batch_size, patch_px=patch_px, name=self._name
        )

    def draw(
        self, *, seed: int, step: int, batch_size: int, patch_px: int, rank: int = 0
    ) -> tuple[Pixels, Pixels]:
        """Draw a step's batch of random patches, flipped and turned at random.

        Args:
            seed: the run's seed.
            step: the training step; the same step gives the same batch, in any order.
            batch_size: patches, n.
            patch_px: side of the degraded patch.
            rank: the process among several; each draws its own.

        Returns:
            degraded ``(n, patch_px, patch_px, 3)`` and reference ``(n, scale * patch_px,
            scale * patch_px, 3)``, uint8.

        Raises:
            DataError: every tile is smaller than a patch.
        """
        locations = self.draw_locations(
            seed=seed, step=step, batch_size=batch_size, patch_px=patch_px, rank=rank
        )
        return copy_patches(self.tiles, locations, patch_px=patch_px, scale=self.scale)


class PatchStream:
    """A window of decoded tiles that moves through the shards, for sets larger than memory.

    The shards are read in an order drawn anew for each epoch and share themselves out over the
    ranks (every rank reads all where there are fewer shards than ranks). The window holds the
    last ``window_tiles`` tiles; as training goes on the oldest makes room for the next, one for
    each ``patches_per_tile`` patches: a tile gives about that many before it leaves.

    The window at a step follows from seed, step and batch size alone. Going to a step that is not
    the next costs one filling of the window: shards before it are skipped by their counts in the
    index, unread, and samples before it in its first shard are read but not decoded.
    """

    def __init__(
        self,
        split_dir: Path,
        *,
        scale: int,
        num_workers: int = 1,
        rank: int = 0,
        world_size: int = 1,
        window_tiles: int = _WINDOW_TILES,
        patches_per_tile: int = _PATCHES_PER_TILE,
    ) -> None:
        """Open a split; nothing is decoded yet.

        Raises:
            DataError: the split is broken or empty.
        """
        self.scale = scale
        self._split_dir = split_dir
        self._share = _Share(split_dir, _check_not_empty(split_dir), rank, world_size)
        self._num_workers = num_workers
        num_tiles = sum(shard.num_samples for shard in self._share.shards)
        self._window_tiles = min(window_tiles, num_tiles)
        self._patches_per_tile = patches_per_tile
        self._seed: int | None = None
        self._end = 0
        self._tiles: list[Pair] = []
        self._sizes_px = np.zeros((self._window_tiles, 2), np.int64)
        self._coming: Iterator[Pair] = iter(())

    @classmethod
    def load(
        cls,
        split_dir: Path,
        *,
        scale: int,
        num_workers: int = 1,
        rank: int = 0,
        world_size: int = 1,
    ) -> PatchStream:
        """Open a split with the usual window; the shards are shared out over ``world_size``."""
        return cls(
            split_dir, scale=scale, num_workers=num_workers, rank=rank, world_size=world_size
        )

    def draw(
        self, *, seed: int, step: int, batch_size: int, patch_px: int, rank: int = 0
    ) -> tuple[Pixels, Pixels]:
        """Draw a step's batch out of its window; arguments and result as ``PatchStore.draw``."""
        self._move(seed, self._window_tiles + step * batch_size // self._patches_per_tile)
        locations = draw_locations(
            self._sizes_px,
            keyed_generator(seed, "patches", step, rank),
            batch_size=batch_size,
            patch_px=patch_px,
            name=str(self._split_dir),
        )
        return copy_patches(self._tiles, locations, patch_px=patch_px, scale=self.scale)

    def _move(self, seed: int, end: int) -> None:
        """Let the window end before tile ``end`` of the endless sequence; tile i in slot i mod n.

        A step that is not the next begins again, so that its window is what the step says.
        """
        is_ahead = seed == self._seed and self._end <= end <= self._end + self._window_tiles
        if not is_ahead:
            self._seed, self._end = seed, end - self._window_tiles
            samples = self._share.iterate_from(seed, self._end)
            self._coming = decode_pairs(samples, self.scale, self._num_workers)
            self._tiles = [(np.empty(0), np.empty(0))] * self._window_tiles
        for pair in islice(self._coming, end - self._end):
            slot = self._end % self._window_tiles
            self._tiles[slot] = pair
            self._sizes_px[slot] = pair[0].shape[:2]
            self._end += 1


@dataclass(frozen=True)
class _Share:
    """The shards that one rank reads, in an order drawn anew for each epoch.

    It stands apart from the stream: a stream that its own generator refers to would be freed, and
    its threads be joined, whenever and in whichever thread garbage happens to be collected.
    """

    split_dir: Path
    shards: tuple[ShardEntry, ...]
    rank: int
    world_size: int

    def iterate_from(self, seed: int, start: int) -> Iterator[Sample]:
        """Yield the endless sequence of this rank's samples from position ``start`` on."""
        for epoch in count():
            for shard in self.order(seed, epoch):
                if start >= shard.num_samples:
                    start -= shard.num_samples
                    continue
                yield from islice(stream_shard(self.split_dir, shard), start, None)
                start = 0

    def order(self, seed: int, epoch: int) -> list[ShardEntry]:
        """Return the shards in the order of an epoch."""
        order = keyed_generator(seed, "shards", epoch).permutation(len(self.shards))
        shards = [self.shards[position] for position in order]
        return shards[self.rank :: self.world_size] if len(shards) >= self.world_size else shards


def read_tiles(split_dir: Path, *, scale: int, max_tiles: int) -> list[Pair]:
    """Decode at most ``max_tiles`` whole tiles, evenly spread over a split, for validation.

    Returns:
        pairs of degraded ``(h, w, 3)`` and reference ``(scale * h, scale * w, 3)``, uint8; none
        where the split is empty.

    Raises:
        DataError: the split is broken or lacks this scale.
    """
    num_samples = read_index(split_dir).num_samples
    num_tiles = min(max_tiles, num_samples)
    positions = {position * num_samples // num_tiles for position in range(num_tiles)}
    return [
        decode_pair(sample, scale) for sample in iterate_samples(split_dir, positions=positions)
    ]


def _check_not_empty(split_dir: Path) -> tuple[ShardEntry, ...]:
    index = read_index(split_dir)
    if not index.num_samples:
        raise DataError(
            f"{split_dir} holds no tiles", remedy="check the split shares and the filter's verdicts"
        )
    return index.shards
