"""Heat maps of a face's landmarks, as targets for networks that learn where its parts are.

Owns how landmarks are found in the tiles of a training, once and by YuNet, and what becomes of them
in a patch that is cut out, flipped and turned. Where no face is found there is none, and maps are
zero.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import cast

import cv2
import numpy as np
import torch
from jaxtyping import Float
from numpy.typing import NDArray
from torch import Tensor

from lienet.images import Pixels
from lienet.params.models import LANDMARK_CELL_PX, NUM_LANDMARKS
from lienet.shards.patch_sampling import BatchRequest
from lienet.shards.patches import PatchStore

DETECTOR_SHA256 = "8f2383e4dd3cfbb4553ea8718107fc0423210dc964f9f4280604804ed2552fa4"
"""The YuNet that ships for it; pinned here, since with another one the targets are others."""
SIGMA_CELLS = 2.0
"""Of the Gaussian around each landmark."""
_MIN_SCORE, _MAX_OVERLAP, _MAX_CANDIDATES = 0.6, 0.3, 50
_MIRRORED = (1, 0, 2, 4, 3)
"""Which landmark takes the place of each in a mirror: eyes and corners of the mouth swap sides."""
Rows = NDArray[np.float32]
Points = NDArray[np.float64]
"""``(NUM_LANDMARKS, 2)``: x and y of right eye, left eye, nose, and the mouth's corners."""


def find_landmarks(tiles: Sequence[Pixels], detector_path: Path) -> list[Points | None]:
    """Return the landmarks of each tile's surest face, in the tile's pixels; None without a face.

    Args:
        tiles: ``(h, w, 3)`` RGB uint8.
        detector_path: the YuNet that OpenCV reads.
    """
    detector = cv2.FaceDetectorYN.create(
        str(detector_path), "", (64, 64), _MIN_SCORE, _MAX_OVERLAP, _MAX_CANDIDATES
    )
    found: list[Points | None] = []
    for tile in tiles:
        detector.setInputSize((tile.shape[1], tile.shape[0]))
        _, faces = detector.detect(np.ascontiguousarray(tile[..., ::-1]))
        # A row is a rectangle, five points and a score; without a face there are none.
        rows = [] if (given := cast("Rows | None", faces)) is None else list(given)
        surest = max(rows, key=lambda row: float(row[14]), default=None)
        found.append(None if surest is None else surest[4:14].reshape(5, 2).astype(np.float64))
    return found


class LandmarkMaps:
    """The heat maps of a step's batch, for the patches that a store cuts out.

    Args:
        store: what the patches are drawn from, of inputs as large as their references.
        landmarks: of each of its tiles.
    """

    def __init__(self, store: PatchStore, landmarks: Sequence[Points | None]) -> None:
        self._store, self._landmarks = store, landmarks

    def draw(self, asked: BatchRequest) -> Float[Tensor, "batch landmarks height width"]:
        """Return heat maps of a step's patches, float32, ``LANDMARK_CELL_PX`` pixels to a cell."""
        where = self._store.locate(asked)
        side_px = asked.patch_px
        maps = np.zeros(
            (len(where.tile), NUM_LANDMARKS, *(side_px // LANDMARK_CELL_PX,) * 2), np.float32
        )
        for row, tile in enumerate(where.tile.tolist()):
            points = self._landmarks[tile]
            if points is not None:
                corner = (where.left_px[row], where.top_px[row])
                turned = orient(points - corner, int(where.orientation[row]), side_px=side_px)
                maps[row] = draw_maps(turned, side_px=side_px)
        return torch.from_numpy(maps)


def orient(points: Points, orientation: int, *, side_px: int) -> Points:
    """Flip and transpose points as a patch of ``side_px`` is; in a mirror, sides are swapped.

    Args:
        points: x and y in the patch before.
        orientation: as in ``PatchLocations``: 1 flips x, 2 flips y, then 4 transposes.
        side_px: of the patch.
    """
    turned = points.copy()
    for axis, bit in enumerate((1, 2)):
        if orientation & bit:
            turned[:, axis] = side_px - 1 - turned[:, axis]
    if orientation & 4:
        turned = turned[:, ::-1]
    is_mirrored = orientation.bit_count() % 2 == 1
    return turned[list(_MIRRORED)] if is_mirrored else turned


def draw_maps(points: Points, *, side_px: int) -> NDArray[np.float32]:
    """Return ``(NUM_LANDMARKS, cells, cells)``: a Gaussian of height 1 around each point."""
    centres = (np.arange(side_px // LANDMARK_CELL_PX) + 0.5) * LANDMARK_CELL_PX - 0.5
    sigma_px = SIGMA_CELLS * LANDMARK_CELL_PX
    along_x, along_y = (
        np.exp(-np.square((centres[None] - points[:, axis, None]) / sigma_px) / 2)
        for axis in (0, 1)
    )
    return (along_y[:, :, None] * along_x[:, None, :]).astype(np.float32)
