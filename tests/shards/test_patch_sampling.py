"""Every location is as likely; what is copied lies there, turned as said, in both images."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest

from lienet.errors import DataError
from lienet.shards.patch_sampling import PatchLocations, copy_patches, draw_locations


def test_every_place_of_every_tile_is_as_likely():
    # 4 x 5 and 3 x 3 tiles hold 2 * 3 and 1 * 1 patches of 3; the 2 x 9 tile holds none.
    sizes = np.array([[4, 5], [2, 9], [3, 3]])
    locations = draw_locations(
        sizes, np.random.default_rng(0), batch_size=70_000, patch_px=3, name="here"
    )
    where = np.stack([locations.tile, locations.top_px, locations.left_px], axis=1).tolist()
    counts = Counter(map(tuple, where))
    assert set(counts) == {(0, top, left) for top in (0, 1) for left in (0, 1, 2)} | {(2, 0, 0)}
    # 10,000 each; six standard deviations are 556.
    assert all(abs(count - 10_000) < 556 for count in counts.values())
    turned = np.bincount(locations.orientation, minlength=9)
    assert len(turned) == 9
    assert turned[8] == 0
    assert all(abs(count - 8750) < 556 for count in turned[:8])


@pytest.mark.parametrize("sizes", [[], [[2, 9], [9, 2]]])
def test_tiles_that_hold_no_patch_are_named(sizes: list[list[int]]):
    with pytest.raises(DataError, match="a patch of 3 px does not fit into the tiles of here"):
        draw_locations(
            np.array(sizes, np.int64).reshape(-1, 2),
            np.random.default_rng(0),
            batch_size=1,
            patch_px=3,
            name="here",
        )


def test_the_eight_orientations_by_hand():
    tile = np.zeros((2, 2, 3), np.uint8)
    tile[:, :, 0] = [[1, 2], [3, 4]]
    expected = [
        [[1, 2], [3, 4]],  # as it is
        [[2, 1], [4, 3]],  # left and right
        [[3, 4], [1, 2]],  # up and down
        [[4, 3], [2, 1]],  # half a turn
        [[1, 3], [2, 4]],  # transposed
        [[2, 4], [1, 3]],  # left and right, transposed
        [[3, 1], [4, 2]],  # up and down, transposed
        [[4, 2], [3, 1]],  # half a turn, transposed
    ]
    none = np.zeros(8, np.int64)
    locations = PatchLocations(none, none, none, np.arange(8))
    degraded, reference = copy_patches([(tile, tile)], locations, patch_px=2, scale=1)
    assert degraded[:, :, :, 0].tolist() == expected
    assert reference[:, :, :, 0].tolist() == expected


def test_input_and_reference_stay_aligned():
    """The reference is its input, each pixel repeated: so must every patch be."""
    generator = np.random.default_rng(1)
    tiles = []
    for size in ((20, 31), (16, 16), (40, 12)):
        small = generator.integers(0, 256, (*size, 3), dtype=np.uint8)
        tiles.append((small, small.repeat(4, axis=0).repeat(4, axis=1)))
    sizes = np.array([small.shape[:2] for small, _ in tiles])
    locations = draw_locations(sizes, generator, batch_size=200, patch_px=8, name="here")
    degraded, reference = copy_patches(tiles, locations, patch_px=8, scale=4)
    assert degraded.shape == (200, 8, 8, 3)
    assert reference.shape == (200, 32, 32, 3)
    assert np.array_equal(reference, degraded.repeat(4, axis=1).repeat(4, axis=2))
    upright = np.flatnonzero(locations.orientation == 0)[0]
    top, left = locations.top_px[upright], locations.left_px[upright]
    source = tiles[locations.tile[upright]][0]
    assert np.array_equal(degraded[upright], source[top : top + 8, left : left + 8])
