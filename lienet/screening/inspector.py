"""The detectors at work on one image after another, and the verdict on each.

Owns which detectors look, in which order, and what counts. It refuses a file that cannot be read,
as a verdict like any other; it does not look for model files.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path

from lienet.errors import ImageError
from lienet.images import MAX_PIXELS, Pixels, decode_image
from lienet.screening.boxes import Box
from lienet.screening.counts import REDUCED
from lienet.screening.detection import Detection
from lienet.screening.name_tags import choose_near
from lienet.screening.perceptual_hash import HASH_INPUT_PX, hash_picture
from lienet.screening.pyramid import Pyramid
from lienet.screening.quality import find_faults, measure_quality
from lienet.screening.verdict import Verdict


class Inspector:
    """The detectors at work; make one for each process, with :func:`open_inspector`.

    Args:
        detection: which detectors, and how.

    Raises:
        ToolError: a model file is missing, or is not what it should be.
    """

    def __init__(self, detection: Detection) -> None:
        import cv2

        from lienet.screening.faces import YunetDetector
        from lienet.screening.text import TextDetector

        cv2.setNumThreads(1)  # processes share the work; threads beside them only cost
        self._detection, text = detection, detection.text
        lower = None
        if text.policy == "near_person":
            lower = min(detection.face.min_score, text.near_person_min_score)
        self._faces = self._texts = None
        if detection.face_model is not None:
            self._faces = YunetDetector(detection.face_model, detection.face, min_score=lower)
        if detection.text_model is not None:
            self._texts = TextDetector(detection.text_model, text)

    @property
    def name(self) -> str:
        """The detectors in short, such as "yunet+text"."""
        return "+".join(self.detectors.values()) or "gates alone"

    @property
    def label(self) -> str:
        """What a manifest calls the detectors: each with its file's SHA-256, and what is left out.

        Such as "yunet:104e…+text:01c4…" and "yunet:104e…, reduced: no text".
        """
        models = {"face": self._detection.face_model, "text": self._detection.text_model}
        found = [
            f"{name}:{model.sha256}"
            for kind, name in self.detectors.items()
            if (model := models[kind]) is not None
        ]
        missing = [f"no {kind}" for kind, model in models.items() if model is None]
        left_out = [f"{REDUCED}: {' and '.join(missing)}"] if missing else []
        return ", ".join(["+".join(found), *left_out] if found else left_out)

    @property
    def detectors(self) -> dict[str, str]:
        """The name of the detector for each kind of box."""
        return {
            kind: detector.name
            for kind, detector in (("face", self._faces), ("text", self._texts))
            if detector is not None
        }

    def inspect(
        self, pixels: Pixels, *, content: bytes | None = None, people: Sequence[Box] = ()
    ) -> Verdict:
        """Look at an RGB uint8 HWC image.

        Args:
            pixels: the image.
            content: its file, which tells the quality of JPEG.
            people: boxes of persons, if labels say where they are.
        """
        image = Pyramid(pixels)
        quality = measure_quality(pixels, content)
        doubtful = self._faces.find(image) if self._faces else []
        faces = [face for face in doubtful if face.score >= self._detection.face.min_score]
        reasons = (("face",) if faces else ()) + find_faults(quality, self._detection.gates)
        texts = []
        if self._detection.find_all or not reasons:
            texts = self._find_text(image, doubtful, people)
        if texts:
            reasons = (*reasons, "text")
        hashed = hash_picture(image.shrink_to(HASH_INPUT_PX))
        return Verdict(tuple(sorted(reasons)), (*faces, *texts), quality, hashed)

    def _find_text(self, image: Pyramid, faces: list[Box], people: Sequence[Box]) -> list[Box]:
        text = self._detection.text
        if self._texts is None:
            return []
        if text.policy == "any":
            return self._texts.find(image)
        if not faces and not people:
            return []
        found = self._texts.find(image)
        return choose_near(found, faces, people, sides=text.near_person_sides)

    def inspect_bytes(
        self, content: bytes, *, max_pixels: int = MAX_PIXELS, people: Sequence[Box] = ()
    ) -> Verdict:
        """Look at an encoded image; one that cannot be read is refused for that reason."""
        try:
            pixels = decode_image(content, max_pixels=max_pixels)
        except ImageError as error:
            return Verdict((error.reason,), ())
        return self.inspect(pixels, content=content, people=people)

    def inspect_file(self, path: Path) -> Verdict:
        """Look at an image file; one that cannot be read is refused for that reason."""
        try:
            content = path.read_bytes()
        except OSError:
            return Verdict(("unreadable",), ())
        return self.inspect_bytes(content)


@lru_cache(maxsize=1)
def open_inspector(detection: Detection) -> Inspector:
    """Return this process's inspector, made at the first call."""
    return Inspector(detection)
