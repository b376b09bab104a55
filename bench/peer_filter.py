"""A plain loop over the same detectors: each image is decoded by Pillow and given to both.

Text is looked for closely in the whole of every image, not coarsely first. (OpenCV's own classes
for these detectors do not read the files: their sizes are free.)
"""

from __future__ import annotations

import io

import numpy as np
from PIL import Image

from lienet.screening.detection import Detection
from lienet.screening.faces import YunetDetector
from lienet.screening.model_files import find_shipped_model
from lienet.screening.pyramid import Pyramid
from lienet.screening.text import TextDetector


class PlainFilter:
    """Both detectors, without what the filter does to run them less often."""

    def __init__(self, detection: Detection) -> None:
        self._faces = YunetDetector(find_shipped_model("face"), detection.face)
        closely = detection.text.model_copy(update={"whole_side_px": detection.text.max_side_px})
        self._text = TextDetector(find_shipped_model("text"), closely)

    def look(self, content: bytes) -> tuple[int, int]:
        """Return how many faces and lines of text are found in an encoded image."""
        pixels = np.asarray(Image.open(io.BytesIO(content)).convert("RGB"))
        return len(self._faces.find(Pyramid(pixels))), len(self._text.find(Pyramid(pixels)))
