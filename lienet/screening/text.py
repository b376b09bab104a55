"""Legible text in an image: a DB-style detector in ONNX Runtime.

Owns what lies between an image and the detector's map of text probability, and between that map
and boxes in the image's pixels. It refuses a model file of another kind; where in a large image it
looks closely is not its concern.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import cv2
import numpy as np

from lienet.errors import ToolError
from lienet.images import Pixels
from lienet.params import TextDetection
from lienet.screening.boxes import Box, clip_box
from lienet.screening.model_files import ModelFile
from lienet.screening.onnx_detectors import Map, open_session, write_planes
from lienet.screening.pyramid import Pyramid
from lienet.screening.text_regions import find_windows

Corners = np.ndarray[Any, np.dtype[Any]]
_STRIDE_PX = 32
_TEXT_PROBABILITY = 0.3
_UNCLIP_RATIO = 1.5
_MIN_CORE_PX = 3.0
_COARSE = 0.5
# Eyes, mouths and ornaments look like single letters; text that says something is a line. Measured
# on 72 labelled photographs, 8 with text: 7 are found with or without this, false alarms 5 → 4.
_MIN_ELONGATION = 1.3
# ImageNet's, in the order in which PaddleOCR applies them: to blue, green, red.
_MEAN = np.array([[0.485], [0.456], [0.406]])
_STD = np.array([[0.229], [0.224], [0.225]])
_NORMALISED: Map = ((np.arange(256) / 255 - _MEAN) / _STD).astype(np.float32)


class TextDetector:
    """A segmentation network whose map of text probability is cut into boxes.

    Source: Liao et al., "Real-time scene text detection with differentiable binarization", 2020;
    the threshold, the box score and the expansion are those of PP-OCRv3.

    Args:
        model: an ONNX file; input ``n 3 h w`` with sides that are multiples of 32, output
            ``n 1 h w`` in [0, 1].
        params: the least score and height of a box, and the largest image side.

    Raises:
        ToolError: the file is missing, is not the one that is meant, or is no such model.
    """

    name = "text"

    def __init__(self, model: ModelFile, params: TextDetection) -> None:
        self._params = params
        content = model.read()
        try:
            self._session = open_session(content)
            self._input = self._session.get_inputs()[0].name
            shape = self._run(np.zeros((64, 96, 3), np.uint8)).shape
        except Exception as error:  # ONNX Runtime's errors share no public base
            raise _not_a_detector(model.locate()) from error
        if shape != (64, 96):
            raise _not_a_detector(model.locate())

    def find(self, image: Pyramid) -> list[Box]:
        """Return the lines of text in an RGB image, surest first, in the image's pixels.

        A large image is looked at coarsely first, and closely only where text may be.
        """
        height_px, width_px = choose_size(image, self._params.max_side_px)
        pixels = image.resize(height_px, width_px)
        windows = [(0, 0, width_px, height_px)]
        if max(height_px, width_px) > self._params.whole_side_px:
            coarse = image.resize(*choose_size(image, round(max(height_px, width_px) * _COARSE)))
            windows = find_windows(pixels, self._run(coarse))
        across, down = image.width_px / width_px, image.height_px / height_px
        boxes = []
        for left_px, top_px, right_px, bottom_px in windows:
            probability = self._run(pixels[top_px:bottom_px, left_px:right_px])
            for corners, score, sides_px in outline_text(probability):
                if not self._is_legible(score, *sides_px):
                    continue
                (left, top), (right, bottom) = corners.min(axis=0), corners.max(axis=0)
                box = clip_box(
                    "text",
                    left=(left_px + left) * across,
                    top=(top_px + top) * down,
                    right=(left_px + right) * across,
                    bottom=(top_px + bottom) * down,
                    score=score,
                    image_width_px=image.width_px,
                    image_height_px=image.height_px,
                )
                boxes.append(box)
        return sorted(boxes, key=lambda box: (-box.score, box.top_px, box.left_px))

    def _is_legible(self, score: float, short_px: float, long_px: float) -> bool:
        return (
            score >= self._params.min_score
            and short_px >= self._params.min_height_px
            and long_px >= _MIN_ELONGATION * short_px
        )

    def _run(self, pixels: Pixels) -> Map:
        """Return the map of text probability ``(h, w)`` of an image of whole strides."""
        output: Map = self._session.run(None, {self._input: write_planes(pixels, _NORMALISED)})[0]
        return output[0, 0] if output.shape[:2] == (1, 1) else output


def choose_size(image: Pyramid, max_side_px: int) -> tuple[int, int]:
    """Return the height and width that the detector takes: shrunk to fit, in strides of 32.

    None is enlarged. That was measured: it finds nothing more of the text that people read, and
    takes ever more texture for text.
    """
    factor = min(1.0, max_side_px / max(image.height_px, image.width_px))
    height_px, width_px = (
        max(_STRIDE_PX, round(side_px * factor / _STRIDE_PX) * _STRIDE_PX)
        for side_px in (image.height_px, image.width_px)
    )
    return height_px, width_px


def outline_text(probability: Map) -> list[tuple[Corners, float, tuple[float, float]]]:
    """Cut a map of text probability ``(h, w)`` into expanded rectangles.

    The network marks the core of a line only: its rectangle grows on every side by
    ``area * 1.5 / perimeter``.

    Returns:
        For each: the four corners ``(4, 2)`` as x and y, the mean probability inside the core,
        and the lengths of the short and the long side.
    """
    mask = (probability > _TEXT_PROBABILITY).astype(np.uint8)
    contours = cv2.findContours(mask, cv2.RETR_LIST, cv2.CHAIN_APPROX_SIMPLE)[0]
    found = []
    for contour in contours:
        centre, (width, height), angle = cv2.minAreaRect(contour)
        if min(width, height) < _MIN_CORE_PX:
            continue
        score = _mean_inside(probability, cv2.boxPoints((centre, (width, height), angle)))
        growth = 2 * _UNCLIP_RATIO * width * height / (2 * (width + height))
        size = (width + growth, height + growth)
        corners = cv2.boxPoints((centre, size, angle))
        found.append((corners, score, (min(size), max(size))))
    return found


def _mean_inside(probability: Map, corners: Corners) -> float:
    height, width = probability.shape
    left, top = np.floor(corners.min(axis=0)).astype(int).clip(0, [width - 1, height - 1])
    right, bottom = np.ceil(corners.max(axis=0)).astype(int).clip(0, [width - 1, height - 1])
    inside = np.zeros((bottom - top + 1, right - left + 1), np.uint8)
    cv2.fillPoly(inside, [(corners - [left, top]).astype(np.int32)], [1])
    return float(cv2.mean(probability[top : bottom + 1, left : right + 1], inside)[0])


def _not_a_detector(model_path: Path) -> ToolError:
    return ToolError(
        f"{model_path} is not a DB-style text detector",
        remedy="set filter.text.model or LIENET_TEXT_MODEL to a detector such as PP-OCRv3's",
    )
