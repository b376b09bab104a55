"""Faces in an image: YuNet from its model file, or OpenCV's bundled cascades without one.

Owns how an image is brought to a detector and its boxes back to the image's pixels. It refuses a
model file that is not YuNet; where such a file comes from is not its concern.
"""

from __future__ import annotations

from pathlib import Path
from typing import Protocol

import cv2
import numpy as np

from lienet.data.privacy.boxes import Box, clip_box, merge_boxes
from lienet.errors import ToolError
from lienet.images import Pixels
from lienet.params import FaceDetection

_MAX_OVERLAP = 0.3
_MAX_CANDIDATES = 5000
# In fewer rows than this OpenCV's network reads memory that was never written, and finds faces of
# infinite size there that differ from call to call: slivers are padded with black.
_MIN_INPUT_PX = 64
# The least that a cascade calls a face: this many neighbouring windows, this large. Measured on 72
# labelled photographs, 12 with a face: the frontal "alt" with the profile cascade finds 7, with 13
# false alarms; the frontal "default" alone finds 9 with 24, and sees faces in flowers.
_CASCADE_NEIGHBOURS = 3
_CASCADE_SIDE_PX = 32
_CASCADE_STEP = 1.1


class FaceDetector(Protocol):
    """Anything that finds faces."""

    name: str
    """What a manifest calls it."""

    def find(self, pixels: Pixels) -> list[Box]:
        """Return the faces in an RGB uint8 HWC image, surest first, in that image's pixels."""
        ...


class YunetDetector:
    """YuNet, in several passes: small faces are seen in large passes, large faces in small ones.

    Source: Wu, Peng and Yu, "YuNet: a tiny millisecond-level face detector", 2023.

    Args:
        model_path: ``face_detection_yunet_2023mar.onnx`` of OpenCV's model zoo.
        params: the least score and the longest side of each pass.

    Raises:
        ToolError: the file is not a YuNet model.
    """

    name = "yunet"

    def __init__(self, model_path: Path, params: FaceDetection) -> None:
        self._pass_sides_px = params.pass_sides_px
        level = cv2.utils.logging.getLogLevel()
        cv2.utils.logging.setLogLevel(cv2.utils.logging.LOG_LEVEL_SILENT)
        try:
            self._net = cv2.FaceDetectorYN.create(
                str(model_path), "", (64, 64), params.min_score, _MAX_OVERLAP, _MAX_CANDIDATES
            )
            self._net.detect(np.zeros((64, 64, 3), np.uint8))
        except cv2.error as error:
            raise ToolError(
                f"{model_path} is not a YuNet face detector",
                remedy="set filter.face.model or LIENET_FACE_MODEL to face_detection_yunet*.onnx",
            ) from error
        finally:
            cv2.utils.logging.setLogLevel(level)

    def find(self, pixels: Pixels) -> list[Box]:
        """Return the faces of all passes, merged."""
        found = [box for side_px in self._pass_sides_px for box in self._find_at(pixels, side_px)]
        return merge_boxes(found, max_overlap=_MAX_OVERLAP)

    def _find_at(self, pixels: Pixels, side_px: int) -> list[Box]:
        height_px, width_px = pixels.shape[:2]
        resized = cv2.cvtColor(resize_longest(pixels, side_px), cv2.COLOR_RGB2BGR)
        below, beside = (max(0, _MIN_INPUT_PX - side) for side in resized.shape[:2])
        padded = cv2.copyMakeBorder(resized, 0, below, 0, beside, cv2.BORDER_CONSTANT)
        self._net.setInputSize((padded.shape[1], padded.shape[0]))
        rows: Pixels | None = self._net.detect(padded)[1]  # None where there is no face
        across, down = width_px / resized.shape[1], height_px / resized.shape[0]
        return [
            clip_box(
                "face",
                left=row[0] * across,
                top=row[1] * down,
                right=(row[0] + row[2]) * across,
                bottom=(row[1] + row[3]) * down,
                score=row[14],
                image_width_px=width_px,
                image_height_px=height_px,
            )
            for row in (() if rows is None else rows.tolist())
        ]


class CascadeDetector:
    """OpenCV's Haar cascades, the frontal one and the profile one in both directions.

    They need no model file, and miss many faces. A cascade says yes or no: every score is 1.

    Source: Viola and Jones, "Rapid object detection using a boosted cascade", 2001.

    Args:
        params: only the largest of the pass sides is used.

    Raises:
        ToolError: this OpenCV has no cascades.
    """

    name = "cascades"

    def __init__(self, params: FaceDetection) -> None:
        self._side_px = max(params.pass_sides_px)
        self._frontal = _load_cascade("haarcascade_frontalface_alt.xml")
        self._profile = _load_cascade("haarcascade_profileface.xml")

    def find(self, pixels: Pixels) -> list[Box]:
        """Return the faces of all cascades, merged."""
        height_px, width_px = pixels.shape[:2]
        grey = cv2.cvtColor(resize_longest(pixels, self._side_px), cv2.COLOR_RGB2GRAY)
        width = grey.shape[1]
        mirrored = np.ascontiguousarray(grey[:, ::-1])
        found = _scan(self._frontal, grey) + _scan(self._profile, grey)
        found += [(width - x - w, y, w, h) for x, y, w, h in _scan(self._profile, mirrored)]
        across, down = width_px / width, height_px / grey.shape[0]
        boxes = [
            clip_box(
                "face",
                left=x * across,
                top=y * down,
                right=(x + w) * across,
                bottom=(y + h) * down,
                score=1.0,
                image_width_px=width_px,
                image_height_px=height_px,
            )
            for x, y, w, h in found
        ]
        return merge_boxes(boxes, max_overlap=_MAX_OVERLAP)


def resize_longest(pixels: Pixels, side_px: int) -> Pixels:
    """Resize so that the longest side is ``side_px``, keeping the shape as far as pixels allow."""
    height_px, width_px = pixels.shape[:2]
    factor = side_px / max(height_px, width_px)
    size = (max(1, round(width_px * factor)), max(1, round(height_px * factor)))
    if size == (width_px, height_px):
        return pixels
    return cv2.resize(
        pixels, size, interpolation=cv2.INTER_AREA if factor < 1 else cv2.INTER_LINEAR
    )


def _load_cascade(name: str) -> cv2.CascadeClassifier:
    folder = getattr(getattr(cv2, "data", None), "haarcascades", "")
    path = Path(folder, name)
    cascade = cv2.CascadeClassifier(str(path)) if path.is_file() else None
    if cascade is None or cascade.empty():
        raise ToolError(
            f"this OpenCV has no cascade {name}",
            got=f"version {cv2.__version__}",
            remedy="install opencv-python-headless>=4.13,<5, or set LIENET_FACE_MODEL to YuNet",
        )
    return cascade


def _scan(cascade: cv2.CascadeClassifier, grey: Pixels) -> list[tuple[int, int, int, int]]:
    found = cascade.detectMultiScale(
        grey, _CASCADE_STEP, _CASCADE_NEIGHBOURS, minSize=(_CASCADE_SIDE_PX, _CASCADE_SIDE_PX)
    )
    return [(int(x), int(y), int(w), int(h)) for x, y, w, h in found]
