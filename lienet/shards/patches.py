"""Training patches: random, aligned pairs out of a split's tiles, as uint8 batches.

Two stores with one interface: ``PatchStore`` keeps every decoded tile in memory, ``PatchStream``
a window of them that moves through the shards. A draw is a pure function of seed, step and rank,
so training can be taken up at any step.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count, islice
from pathlib import Path

import numpy as np

from lienet.draws import keyed_generator
from lienet.errors import DataError
from lienet.shards.pairs import Pair, decode_pair, decode_pairs
from lienet.shards.patch_sampling import (
    BatchRequest,
    PatchLocations,
    copy_patches,
    draw_locations,
)
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
    def load(cls, split_dir: Path, *, scale: int, num_threads: int = 1) -> PatchStore:
        """Decode every tile of a split, in so many threads.

        Raises:
            DataError: the split is broken, empty, or lacks this scale.
        """
        _check_not_empty(split_dir)
        tiles = list(decode_pairs(iterate_samples(split_dir), scale, num_threads=num_threads))
        return cls(tiles, scale=scale, name=str(split_dir))

    def draw(self, asked: BatchRequest) -> Pair:
        """Draw a step's batch of random patches, each location of each tile as likely.

        They are flipped and turned at random. Of several processes each takes its share of the
        batch that one would draw.

        Returns:
            degraded ``(n, patch_px, patch_px, 3)`` and reference ``(n, scale * patch_px,
            scale * patch_px, 3)``, uint8, n of ``batch_size`` being this process's.

        Raises:
            DataError: every tile is smaller than a patch.
        """
        locations = self.locate(asked)
        return copy_patches(self.tiles, locations, patch_px=asked.patch_px, scale=self.scale)

    def locate(self, asked: BatchRequest) -> PatchLocations:
        """Return where the patches lie that ``draw`` copies out."""
        return draw_locations(
            self._sizes_px,
            keyed_generator(asked.seed, "patches", asked.step, 0),
            batch_size=asked.batch_size,
            patch_px=asked.patch_px,
            name=self._name,
        ).take_share(asked.rank, asked.num_ranks)


class PatchStream:
    """A window of decoded tiles that moves through the shards, for sets larger than memory.

    The shards are read in an order drawn anew for each epoch. The window holds the last
    ``window_tiles`` tiles; as training goes on the oldest makes room for the next, one for each
    ``patches_per_tile`` patches: a tile gives about that many before it leaves.

    The window at a step follows from seed, step and batch size alone. Going to a step that is not
    the next costs one filling of the window: shards before it are skipped by their counts in the
    index, unread, and samples before it in its first shard are read but not decoded.

    Of several processes each has a window of its own: every n-th tile is its to decode.
    """

    def __init__(
        self,
        split_dir: Path,
        *,
        scale: int,
        window_tiles: int = _WINDOW_TILES,
        patches_per_tile: int = _PATCHES_PER_TILE,
        num_threads: int = 1,
    ) -> None:
        """Open a split, to be decoded in so many threads; nothing is yet.

        Raises:
            DataError: the split is broken or empty.
        """
        self.scale = scale
        self._split_dir = split_dir
        self._shards = _check_not_empty(split_dir)
        self._num_tiles = sum(shard.num_samples for shard in self._shards)
        self._window_tiles = window_tiles
        self._patches_per_tile = patches_per_tile
        self._num_threads = num_threads
        self._sequence: tuple[int, int, int] | None = None
        self._end = 0
        self._tiles: list[Pair] = []
        self._sizes_px = np.zeros((0, 2), np.int64)
        self._coming: Iterator[Pair] = iter(())

    def draw(self, asked: BatchRequest) -> Pair:
        """Draw a step's batch out of its window; result and errors as ``PatchStore.draw``."""
        batch_size = asked.batch_size // asked.num_ranks
        num_moved = asked.step * batch_size // self._patches_per_tile
        self._move((asked.seed, asked.rank, asked.num_ranks), num_moved)
        locations = draw_locations(
            self._sizes_px,
            keyed_generator(asked.seed, "patches", asked.step, asked.rank),
            batch_size=batch_size,
            patch_px=asked.patch_px,
            name=str(self._split_dir),
        )
        return copy_patches(self._tiles, locations, patch_px=asked.patch_px, scale=self.scale)

    def _move(self, sequence: tuple[int, int, int], num_moved: int) -> None:
        """Move the window so many tiles from its first place; tile i lies in slot i mod n.

        Args:
            sequence: what its tiles are taken from: the seed, the process, and of how many.
            num_moved: a step that is not the next begins again, so that its window is what it says.
        """
        size = min(self._window_tiles, -(-self._num_tiles // sequence[2]))
        end = size + num_moved
        if sequence != self._sequence or not self._end <= end <= self._end + size:
            self._sequence, self._end = sequence, num_moved
            self._tiles = [(np.empty(0), np.empty(0))] * size
            self._sizes_px = np.zeros((size, 2), np.int64)
            self._coming = self._decode(sequence, num_moved)
        for pair in islice(self._coming, end - self._end):
            slot = self._end % size
            self._tiles[slot] = pair
            self._sizes_px[slot] = pair[0].shape[:2]
            self._end += 1

    def _decode(self, sequence: tuple[int, int, int], first: int) -> Iterator[Pair]:
        """Decode a process's tiles in turn, the ``first``-th of them first."""
        seed, rank, num_ranks = sequence
        start = rank + num_ranks * first
        samples = _iterate_endlessly(self._split_dir, self._shards, seed, start)
        own = islice(samples, 0, None, num_ranks)
        return decode_pairs(own, self.scale, num_threads=self._num_threads)


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


def _iterate_endlessly(
    split_dir: Path, shards: tuple[ShardEntry, ...], seed: int, start: int
) -> Iterator[Sample]:
    """Yield the endless sequence of a split's samples from position ``start`` on.

    No method of the stream, which would then refer to itself and be freed, its thread joined, only
    when garbage happens to be collected.
    """
    for epoch in count():
        order = keyed_generator(seed, "shards", epoch).permutation(len(shards))
        for shard in (shards[position] for position in order):
            if start >= shard.num_samples:
                start -= shard.num_samples
                continue
            yield from islice(stream_shard(split_dir, shard), start, None)
            start = 0
