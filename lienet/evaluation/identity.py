"""Identity of faces: distances between embeddings by OpenCV's SFace.

Owns how a face is found and brought to the embedder: in the reference, once, and at the same place
in the input and the enhanced image, so that all three are compared through one alignment. Where
YuNet finds none, the photograph as a whole is taken for an aligned face. SFace's file is a person's
to bring; without one identity is not measured, and a note says so.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from lienet.errors import ToolError
from lienet.evaluation.scores import Interval
from lienet.evaluation.scoring import EnhancedImage
from lienet.images import Pixels

logger = logging.getLogger(__name__)
LEFT_OUT = "left out: evaluate.face_embedding names no model; OpenCV's SFace as ONNX measures it"
_SIDE_PX = 112
_MIN_SCORE = 0.6
_MAX_OVERLAP = 0.3
_MAX_CANDIDATES = 50
_DECIMALS = 6


@dataclass(frozen=True)
class IdentityScore:
    """Cosine distances to the reference's embedding: 0 is the same, 1 unrelated."""

    test_set: str
    key: str
    distance: float
    """Of the enhanced image."""
    baseline_distance: float
    """Of the input."""
    is_located: bool
    """Whether YuNet found the face; otherwise the whole image was taken for it."""


class FaceEmbedder:
    """SFace, and YuNet to find faces for it.

    Source: Zhong et al., "SFace: sigmoid-constrained hypersphere loss for robust face recognition",
    2021; ``face_recognition_sface_2021dec.onnx`` of OpenCV's model zoo.

    Args:
        model_path: SFace.
        detector_path: YuNet.

    Raises:
        ToolError: a file is missing or is another model.
    """

    def __init__(self, model_path: Path, detector_path: Path) -> None:
        with _explained(model_path, "an SFace face embedder", "evaluate.face_embedding"):
            self._recognizer = cv2.FaceRecognizerSF.create(str(model_path), "")
            probe = self._recognizer.feature(np.zeros((_SIDE_PX, _SIDE_PX, 3), np.uint8))
            if probe.ndim != 2 or probe.shape[0] != 1:
                raise cv2.error(f"an embedding of shape {probe.shape}")
        with _explained(detector_path, "a YuNet face detector", "filter.face.model"):
            self._detector = cv2.FaceDetectorYN.create(
                str(detector_path), "", (64, 64), _MIN_SCORE, _MAX_OVERLAP, _MAX_CANDIDATES
            )

    def score(self, image: EnhancedImage) -> IdentityScore:
        """Compare the enhanced image, and the input, with the reference; all of one size."""
        assert image.reference is not None
        face = self._locate(image.reference)
        wanted = self._embed(image.reference, face)
        distance, baseline = (
            1.0 - float(wanted @ self._embed(pixels, face))
            for pixels in (image.pixels, image.degraded)
        )
        return IdentityScore(image.test_set, image.key, distance, baseline, face is not None)

    def _locate(self, pixels: Pixels) -> Pixels | None:
        """Return YuNet's row of the largest face: its box, five landmarks and score."""
        self._detector.setInputSize((pixels.shape[1], pixels.shape[0]))
        rows: Pixels | None = self._detector.detect(cv2.cvtColor(pixels, cv2.COLOR_RGB2BGR))[1]
        return None if rows is None else max(rows, key=lambda row: float(row[2] * row[3]))

    def _embed(self, pixels: Pixels, face: Pixels | None) -> Pixels:
        """Return the embedding at length 1."""
        colours = cv2.cvtColor(pixels, cv2.COLOR_RGB2BGR)
        if face is None:
            size = (_SIDE_PX, _SIDE_PX)
            aligned = cv2.resize(colours, size, interpolation=cv2.INTER_AREA)
        else:
            aligned = self._recognizer.alignCrop(colours, face)
        feature = self._recognizer.feature(aligned)[0].astype(np.float64)
        return np.asarray(feature / np.linalg.norm(feature))


class IdentityMeter:
    """Gathers distances of enhanced faces, or the note that they were not asked for.

    Args:
        embedder: measures; None leaves identity out.
        bound: turns paired differences into a mean and its interval.
    """

    def __init__(
        self, embedder: FaceEmbedder | None, bound: Callable[[list[float]], Interval]
    ) -> None:
        self._bound = bound
        self._scores: list[IdentityScore] = []
        self._embedder = embedder
        if embedder is None:
            logger.info("identity is %s", LEFT_OUT)

    @property
    def is_asked_for(self) -> bool:
        """Whether there is a model to measure with."""
        return self._embedder is not None

    def add(self, image: EnhancedImage) -> None:
        """Measure one enhanced image."""
        if self._embedder is not None:
            self._scores.append(self._embedder.score(image))

    def summarise(self) -> dict[str, Any]:
        """Return the note, or by test set what was found."""
        note = LEFT_OUT if self._embedder is None else None
        return {"note": note, "sets": summarise_identity(self._scores, self._bound)}


def summarise_identity(
    scores: list[IdentityScore], bound: Callable[[list[float]], Interval]
) -> dict[str, dict[str, Any]]:
    """Return, by test set, mean distances and the change from the input's with its interval."""
    sets: dict[str, list[IdentityScore]] = {}
    for score in scores:
        sets.setdefault(score.test_set, []).append(score)
    summary = {}
    for test_set, group in sets.items():
        distances = np.array([[score.distance, score.baseline_distance] for score in group])
        gain = bound(list(distances[:, 0] - distances[:, 1]))
        values = {
            "distance": distances[:, 0].mean(),
            "baseline_distance": distances[:, 1].mean(),
            "distance_gain": gain.mean,
            "distance_gain_low": gain.low,
            "distance_gain_high": gain.high,
        }
        summary[test_set] = {
            "num_images": len(group),
            "num_located": sum(score.is_located for score in group),
            **{name: round(float(value), _DECIMALS) for name, value in values.items()},
        }
    return summary


@contextmanager
def _explained(path: Path, what: str, key: str) -> Iterator[None]:
    remedy = f"correct {key} in params.yaml"
    if not path.is_file():
        raise ToolError(f"{key} must name an ONNX file", got=path, remedy=remedy)
    level = cv2.utils.logging.getLogLevel()
    cv2.utils.logging.setLogLevel(cv2.utils.logging.LOG_LEVEL_SILENT)
    try:
        yield
    except cv2.error as error:
        raise ToolError(f"{path} is not {what}", remedy=remedy) from error
    finally:
        cv2.utils.logging.setLogLevel(level)
