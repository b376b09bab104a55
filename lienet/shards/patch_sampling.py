"""Where random patches lie in tiles, and how they are copied out, flipped and turned.

Pure functions of arrays and a generator; it knows neither files nor seeds.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np

from lienet.errors import DataError
from lienet.images import Pixels
from lienet.shards.pairs import Pair

Integers = np.ndarray[Any, np.dtype[np.int64]]
_FLIPS = {1: 1, 2: 0, 3: -1}
"""OpenCV's flip codes by the lower two bits of an orientation."""


@dataclass(frozen=True)
class BatchRequest:
    """Which batch a training asks a patch source for; the same request gives the same batch."""

    seed: int
    """The run's."""
    step: int
    batch_size: int
    """Patches of all processes; each takes its share."""
    patch_px: int
    """Side of the degraded patch."""
    rank: int = 0
    """The process among ``num_ranks``."""
    num_ranks: int = 1


@dataclass(frozen=True)
class PatchLocations:
    """Where a batch of patches lies: one entry for each patch, in degraded pixels."""

    tile: Integers
    top_px: Integers
    left_px: Integers
    orientation: Integers
    """0 to 7: bit 0 flips left and right, bit 1 up and down, bit 2 then transposes."""

    def take_share(self, rank: int, num_ranks: int) -> PatchLocations:
        """Return one process's part of a batch that divides by the number of processes."""
        size = len(self.tile) // num_ranks
        own = slice(rank * size, (rank + 1) * size)
        return PatchLocations(
            self.tile[own], self.top_px[own], self.left_px[own], self.orientation[own]
        )


def draw_locations(
    sizes_px: Integers,
    generator: np.random.Generator,
    *,
    batch_size: int,
    patch_px: int,
    name: str,
) -> PatchLocations:
    """Draw locations in tiles of ``sizes_px`` ``(n, 2)``, each location of each tile as likely.

    Raises:
        DataError: no tile holds a patch; ``name`` says whose.
    """
    rooms = np.maximum(sizes_px - (patch_px - 1), 0)
    ends = np.cumsum(rooms[:, 0] * rooms[:, 1])
    if len(ends) == 0 or ends[-1] == 0:
        raise DataError(
            f"a patch of {patch_px} px does not fit into the tiles of {name}",
            got=f"{len(ends)} tiles, none larger than {sizes_px.max(initial=0)} px",
            remedy="raise tile_px in synthesize or lower train.patch_px",
        )
    drawn = generator.integers(0, ends[-1], batch_size)
    orientation = generator.integers(0, 8, batch_size)
    tile = np.searchsorted(ends, drawn, side="right")
    num_columns = rooms[tile, 1]
    within = drawn - (ends[tile] - rooms[tile, 0] * num_columns)
    return PatchLocations(tile, within // num_columns, within % num_columns, orientation)


def copy_patches(
    tiles: Sequence[Pair], locations: PatchLocations, *, patch_px: int, scale: int
) -> tuple[Pixels, Pixels]:
    """Copy the patches at ``locations`` out of their tiles into a new batch, oriented.

    Returns:
        degraded ``(n, patch_px, patch_px, 3)`` and reference ``(n, scale * patch_px, scale *
        patch_px, 3)``, uint8.
    """
    batch_size, large_px = len(locations.tile), scale * patch_px
    degraded = np.empty((batch_size, patch_px, patch_px, 3), np.uint8)
    reference = np.empty((batch_size, large_px, large_px, 3), np.uint8)
    where = np.stack(
        [locations.tile, locations.top_px, locations.left_px, locations.orientation], axis=1
    )
    for row, (tile, top, left, orientation) in enumerate(where.tolist()):
        small, large = tiles[tile]
        _copy_oriented(_cut(small, top, left, patch_px), orientation, degraded[row])
        patch = _cut(large, scale * top, scale * left, large_px)
        _copy_oriented(patch, orientation, reference[row])
    return degraded, reference


def _cut(tile: Pixels, top: int, left: int, side: int) -> Pixels:
    return tile[top : top + side, left : left + side]


def _copy_oriented(patch: Pixels, orientation: int, target: Pixels) -> None:
    """Flip and transpose by the bits of ``orientation`` into ``target``.

    OpenCV copies three-byte pixels about four times as fast as strided numpy.
    """
    flip, is_transposed = orientation & 3, orientation & 4
    if flip and is_transposed:
        cv2.transpose(cv2.flip(patch, _FLIPS[flip]), dst=target)
    elif flip:
        cv2.flip(patch, _FLIPS[flip], dst=target)
    elif is_transposed:
        cv2.transpose(patch, dst=target)
    else:
        target[...] = patch
