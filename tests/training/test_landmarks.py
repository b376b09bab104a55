"""Landmarks: found in a portrait, cut, flipped and turned as its patches are, drawn as maps."""

from __future__ import annotations

import math
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch

from lienet.images import Pixels, decode_image
from lienet.screening.model_files import find_shipped_model
from lienet.shards.patch_sampling import BatchRequest
from lienet.shards.patches import PatchStore
from lienet.training.landmarks import (
    DETECTOR_SHA256,
    LandmarkMaps,
    draw_maps,
    find_landmarks,
    orient,
)

POINTS = np.array([[2.0, 3.0], [10.0, 4.0], [6.0, 8.0], [3.0, 12.0], [9.0, 13.0]])
"""Right eye, left eye, nose, and both corners of the mouth, in a patch of 16 px."""


@pytest.fixture(scope="module")
def portrait(real_data: Path) -> Pixels:
    path = sorted((real_data / "faces" / "ffhq256").glob("*.*"))[0]
    return decode_image(path.read_bytes())


def test_the_pinned_detector_is_the_one_that_ships():
    assert find_shipped_model("alignment").sha256 == DETECTOR_SHA256


def test_a_portrait_has_five_landmarks_and_a_blank_tile_none(portrait: Pixels):
    blank = np.full((64, 96, 3), 128, np.uint8)
    path = find_shipped_model("alignment").locate()
    points, none = find_landmarks([portrait, blank], path)
    assert none is None
    assert points is not None
    right_eye, left_eye, nose, right_corner, left_corner = points
    assert right_eye[0] < nose[0] < left_eye[0]
    assert right_corner[0] < nose[0] < left_corner[0]
    assert max(right_eye[1], left_eye[1]) < nose[1] < min(right_corner[1], left_corner[1])
    mirrored, _ = find_landmarks([np.ascontiguousarray(portrait[:, ::-1]), blank], path)
    assert mirrored is not None
    assert mirrored == pytest.approx(orient(points, 1, side_px=portrait.shape[1]), abs=8.0)


def test_a_mirror_swaps_the_sides():
    expected = [[5, 4], [13, 3], [9, 8], [6, 13], [12, 12]]
    assert orient(POINTS, 1, side_px=16).tolist() == expected


@pytest.mark.parametrize("orientation", range(8))
def test_points_go_where_the_pixels_of_a_patch_go(orientation: int):
    """A tile with one bright pixel for each point, drawn until the orientation comes up."""
    tile = np.zeros((16, 16, 3), np.uint8)
    for level, (x, y) in enumerate(POINTS.astype(int).tolist(), start=1):
        tile[y, x] = 40 * level
    store = PatchStore([(tile, tile)], scale=1, name="one")
    step = next(
        step
        for step in range(200)
        if store.locate(BatchRequest(1, step, 1, 16)).orientation[0] == orientation
    )
    _, patches = store.draw(BatchRequest(1, step, 1, 16))
    turned = orient(POINTS, orientation, side_px=16).astype(int).tolist()
    levels = [int(patches[0, y, x, 0]) // 40 for x, y in turned]
    is_mirrored = orientation in (1, 2, 4, 7)
    assert levels == ([2, 1, 3, 5, 4] if is_mirrored else [1, 2, 3, 4, 5])


def test_maps_by_hand():
    """Cells of 4 px: the first centre is at 1.5. A sigma is two cells."""
    maps = draw_maps(np.array([[1.5, 5.5]] * 5), side_px=16)
    assert maps.shape == (5, 4, 4)
    assert maps.dtype == np.float32
    assert maps[0, 1, 0] == 1.0
    assert maps[0, 0, 0] == pytest.approx(math.exp(-1 / 8))
    assert maps[0, 2, 1] == pytest.approx(math.exp(-2 / 8))
    assert maps[0, 1, 2] == pytest.approx(math.exp(-4 / 8))


def test_a_step_s_maps_lie_where_its_patches_do():
    tile = np.zeros((40, 48, 3), np.uint8)
    cv2.circle(tile, (20, 22), 2, (255, 255, 255), -1)
    store = PatchStore([(tile, tile), (np.zeros_like(tile),) * 2], scale=1, name="two")
    found = LandmarkMaps(store, [np.array([[20.0, 22.0]] * 5), None])
    num_seen = 0
    for step in range(20):
        asked = BatchRequest(3, step, 4, 16)
        maps, (_, patches) = found.draw(asked), store.draw(asked)
        assert maps.shape == (4, 5, 4, 4)
        for heat, patch in zip(maps[:, 2], patches, strict=True):
            seen = torch.from_numpy(patch[..., 0].astype(np.float32)).reshape(4, 4, 4, 4)
            brightness = seen.mean((1, 3))
            if patch[..., 0].astype(bool).sum() >= 13:  # the circle lies inside
                num_seen += 1
                assert heat[brightness == brightness.max()].max() == heat.max() > 0.7
    assert num_seen > 3


def test_each_process_has_the_maps_of_its_share():
    tiles = [(np.zeros((24, 24, 3), np.uint8),) * 2 for _ in range(3)]
    landmarks = [np.full((5, 2), 4.0 * index) for index in range(3)]
    found = LandmarkMaps(PatchStore(tiles, scale=1, name="three"), landmarks)
    whole = found.draw(BatchRequest(1, 5, 4, 16))
    parts = [found.draw(BatchRequest(1, 5, 4, 16, rank, 2)) for rank in (0, 1)]
    assert torch.equal(torch.cat(parts), whole)
