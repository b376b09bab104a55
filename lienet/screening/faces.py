"""Faces in an image, by YuNet: upright and turned, small and large.

Owns how an image is brought to the detector and its boxes back to the image's pixels. It refuses a
model file that is not YuNet.
"""

from __future__ import annotations

from collections.abc import Mapping

import cv2
import numpy as np

from lienet.errors import ToolError
from lienet.images import Pixels
from lienet.params import FaceDetection
from lienet.screening.boxes import Box, clip_box, merge_boxes
from lienet.screening.model_files import ModelFile
from lienet.screening.onnx_detectors import Map, keep_outputs, open_session, write_planes
from lienet.screening.pyramid import Pyramid

_MAX_OVERLAP = 0.3
_MAX_CANDIDATES = 5000
_STRIDE_PX = 32
_GRID_STRIDES_PX = (8, 16, 32)
_OUTPUTS = [f"{name}_{stride}" for name in ("cls", "obj", "bbox") for stride in _GRID_STRIDES_PX]
_AS_THEY_ARE: Map = np.tile(np.arange(256, dtype=np.float32), (3, 1))


class YunetDetector:
    """YuNet, in several passes: small faces are seen in large passes, large faces in small ones.

    Source: Wu, Peng and Yu, "YuNet: a tiny millisecond-level face detector", 2023. It runs in ONNX
    Runtime, at half the time of OpenCV's own reading of the same network, with the same boxes.

    Args:
        model: a YuNet file.
        params: the longest side of each pass, upright and turned, and the least score.
        min_score: a lower score than in ``params``, for who wants doubtful upright faces too.

    Raises:
        ToolError: the file is missing, is not the one that is meant, or is no YuNet model.
    """

    name = "yunet"

    def __init__(
        self, model: ModelFile, params: FaceDetection, *, min_score: float | None = None
    ) -> None:
        self._params = params
        self._lower_score = min_score
        content = model.read()
        try:
            self._session = open_session(keep_outputs(content, _OUTPUTS))
            self._run(np.zeros((64, 96, 3), np.uint8))
        except Exception as error:  # protobuf's and ONNX Runtime's errors share no base
            raise ToolError(
                f"{model.locate()} is not a YuNet face detector",
                remedy="set filter.face.model or LIENET_FACE_MODEL to a YuNet file",
            ) from error

    def find(self, image: Pyramid) -> list[Box]:
        """Return the faces of all passes, merged."""
        found = [
            box
            for side_px, quarter_turns in list_passes(self._params, image)
            for box in self._find_at(image, side_px, quarter_turns)
        ]
        return merge_boxes(found, max_overlap=_MAX_OVERLAP)

    def _find_at(self, image: Pyramid, side_px: int, quarter_turns: int) -> list[Box]:
        resized = image.resize_longest(side_px)
        turned = np.ascontiguousarray(np.rot90(resized, quarter_turns))
        rows = decode_faces(self._run(turned), -(-turned.shape[1] // _STRIDE_PX) * _STRIDE_PX)
        rows = rows[rows[:, 4] >= self._choose_score(side_px, quarter_turns)]
        edges, scores = rows[:, :4].tolist(), rows[:, 4].tolist()
        kept = cv2.dnn.NMSBoxes(edges, scores, 0.0, _MAX_OVERLAP, top_k=_MAX_CANDIDATES)
        rows = turn_back(rows[np.asarray(kept, dtype=np.int64)], resized.shape, quarter_turns)
        across, down = image.width_px / resized.shape[1], image.height_px / resized.shape[0]
        return [
            clip_box(
                "face",
                left=row[0] * across,
                top=row[1] * down,
                right=(row[0] + row[2]) * across,
                bottom=(row[1] + row[3]) * down,
                score=row[4],
                image_width_px=image.width_px,
                image_height_px=image.height_px,
            )
            for row in rows.tolist()
        ]

    def _choose_score(self, side_px: int, quarter_turns: int) -> float:
        if quarter_turns == 0 and self._lower_score is not None:
            return self._lower_score
        is_coarse = quarter_turns == 0 and side_px == min(self._params.pass_sides_px)
        return self._params.min_score if is_coarse else self._params.fine_min_score

    def _run(self, pixels: Pixels) -> dict[str, Map]:
        """Run the network on an image padded with black to whole strides."""
        height_px, width_px = pixels.shape[:2]
        below, beside = -height_px % _STRIDE_PX, -width_px % _STRIDE_PX
        padded = cv2.copyMakeBorder(pixels, 0, below, 0, beside, cv2.BORDER_CONSTANT)
        found = self._session.run(_OUTPUTS, {"input": write_planes(padded, _AS_THEY_ARE)})
        return {name: values[0] for name, values in zip(_OUTPUTS, found, strict=True)}


def decode_faces(outputs: Mapping[str, Map], width_px: int) -> Map:
    """Turn YuNet's outputs into rectangles, one for each place of each grid.

    Args:
        outputs: ``cls_S`` and ``obj_S`` ``(h/S * w/S, 1)``, and ``bbox_S`` ``(h/S * w/S, 4)``: the
            offset of the centre and the logarithms of width and height, in strides S of 8, 16, 32.
        width_px: of the network's input.

    Returns:
        ``(n, 5)``: left, top, width, height and score, the mean of both scores by product.
    """
    grids = []
    for stride_px in _GRID_STRIDES_PX:
        box = outputs[f"bbox_{stride_px}"]
        both = outputs[f"cls_{stride_px}"].clip(0, 1) * outputs[f"obj_{stride_px}"].clip(0, 1)
        down, across = np.divmod(np.arange(len(box)), width_px // stride_px)
        place = np.stack([across, down], axis=1).astype(np.float32)
        sides = np.exp(box[:, 2:]) * stride_px
        corners = (place + box[:, :2]) * stride_px - sides / 2
        grids.append(np.concatenate([corners, sides, np.sqrt(both)], axis=1))
    return np.concatenate(grids)


def list_passes(params: FaceDetection, image: Pyramid) -> list[tuple[int, int]]:
    """Return the longest side and the quarter turns, counterclockwise, of each pass."""
    upright = [*params.pass_sides_px]
    longest_px = max(image.width_px, image.height_px)
    if params.large_side_px is not None and longest_px > max(upright):
        upright.append(min(longest_px, params.large_side_px))
    turned = [(side_px, turns) for side_px in params.turned_sides_px for turns in (1, 3)]
    return [*((side_px, 0) for side_px in upright), *turned]


def turn_back(rows: Map, shape: tuple[int, ...], quarter_turns: int) -> Map:
    """Return rectangles found in a turned image as they lie in the image before it was turned.

    Args:
        rows: ``(n, 5)``: left, top, width, height and score.
        shape: of the image before, height first.
        quarter_turns: 0, or counterclockwise 1 or 3.
    """
    if quarter_turns == 0:
        return rows
    left, top, width, height, score = rows.T
    if quarter_turns == 1:
        return np.stack([shape[1] - top - height, left, height, width, score], axis=1)
    return np.stack([top, shape[0] - left - width, height, width, score], axis=1)
