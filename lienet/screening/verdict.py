"""The verdict on an image: what was found and measured, and whether that keeps the image out.

Owns which detectors look, in which order, what counts of what they see, and how people and programs
read it. It refuses a file that cannot be read, as a verdict like any other; it does not look for
model files and writes nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from rich.table import Table
from rich.text import Text

from lienet.errors import ImageError, InputError
from lienet.images import MAX_PIXELS, SIGNATURE_BYTES, Pixels, decode_image, sniff_format
from lienet.params import FaceDetection, Gates, TextDetection
from lienet.screening.boxes import Box
from lienet.screening.name_tags import choose_near
from lienet.screening.perceptual_hash import HASH_INPUT_PX, hash_picture
from lienet.screening.pyramid import Pyramid
from lienet.screening.quality import Quality, find_faults, measure_quality

DEFAULT_FACE = FaceDetection(model=None, min_score=0.6, pass_sides_px=(640, 320, 160))
"""What is used where no params file is at hand; the same as in the profile ``sample``."""
DEFAULT_TEXT = TextDetection(
    model=None,
    policy="any",
    near_person_sides=3.0,
    near_person_min_score=0.4,
    min_score=0.7,
    max_side_px=960,
    whole_side_px=640,
    min_height_px=8,
)
"""What is used where no params file is at hand; the same as in the profile ``sample``."""
DEFAULT_GATES = Gates(
    min_side_px=None,
    min_sharpness=0.2,
    min_contrast=8.0,
    min_jpeg_quality=50,
    max_hash_distance=4,
)
"""What is used where no params file is at hand; the same as in the profile ``sample``."""
_MAX_SHOWN = 4
"""Boxes named in a row of the table; JSON has them all."""
_SUFFIXES = {".jpg", ".jpeg", ".png", ".webp", ".tif", ".tiff"}


@dataclass(frozen=True)
class Detection:
    """How to look at images; small and picklable, so that each process makes its own detectors."""

    face: FaceDetection
    text: TextDetection
    face_model: Path | None
    """Another YuNet file; None takes the one that ships with this package."""
    text_model: Path | None
    """A text detector's file; None looks for no text."""
    gates: Gates = DEFAULT_GATES
    find_all: bool = True
    """Whether text is looked for in an image that is refused already."""


@dataclass(frozen=True)
class Verdict:
    """What was found in one image, and the word that follows from it."""

    reasons: tuple[str, ...]
    """"face", "text", a gate, or why the file cannot be read; empty if the image is kept."""
    boxes: tuple[Box, ...]
    """What was found and counts."""
    quality: Quality | None = None
    """None for a file that cannot be read, or that was not looked at."""
    perceptual_hash: int | None = None
    """None for an image without detail, too."""

    @property
    def word(self) -> str:
        """The verdict: "keep" or "refuse"."""
        return "refuse" if self.reasons else "keep"

    @property
    def score(self) -> float:
        """The highest score of any box; 0 without boxes."""
        return max((box.score for box in self.boxes), default=0.0)

    def list_boxes(self, kind: str) -> list[dict[str, float]]:
        """Return the boxes of one kind as plain values."""
        found = [asdict(box) for box in self.boxes if box.kind == kind]
        return [{name: value for name, value in box.items() if name != "kind"} for box in found]


class Inspector:
    """The detectors at work; make one for each process, with :func:`open_inspector`.

    Args:
        detection: which detectors, and how.

    Raises:
        ToolError: a model file is not what it should be.
    """

    def __init__(self, detection: Detection) -> None:
        import cv2

        from lienet.screening.faces import YunetDetector

        cv2.setNumThreads(1)  # processes share the work; threads beside them only cost
        self._detection, text = detection, detection.text
        self._doubtful_score = detection.face.min_score
        if text.policy == "near_person":
            self._doubtful_score = min(self._doubtful_score, text.near_person_min_score)
        self._faces = YunetDetector(
            detection.face_model, detection.face, min_score=self._doubtful_score
        )
        self._texts = None
        if detection.text_model is not None and text.policy != "none":
            from lienet.screening.text import TextDetector

            self._texts = TextDetector(detection.text_model, text)

    @property
    def name(self) -> str:
        """What a manifest calls the detectors, such as "yunet+text"."""
        return "+".join(self.detectors.values())

    @property
    def detectors(self) -> dict[str, str]:
        """The name of the detector for each kind of box."""
        return {"face": self._faces.name} | ({"text": self._texts.name} if self._texts else {})

    def judge(
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
        doubtful = self._faces.find(image)
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

    def judge_bytes(
        self, content: bytes, *, max_pixels: int = MAX_PIXELS, people: Sequence[Box] = ()
    ) -> Verdict:
        """Look at an encoded image; one that cannot be read is refused for that reason."""
        try:
            pixels = decode_image(content, max_pixels=max_pixels)
        except ImageError as error:
            return Verdict((error.reason,), ())
        return self.judge(pixels, content=content, people=people)

    def judge_file(self, path: Path) -> Verdict:
        """Look at an image file; one that cannot be read is refused for that reason."""
        try:
            content = path.read_bytes()
        except OSError:
            return Verdict(("unreadable",), ())
        return self.judge_bytes(content)


@lru_cache(maxsize=1)
def open_inspector(detection: Detection) -> Inspector:
    """Return this process's inspector, made at the first call."""
    return Inspector(detection)


def list_images(paths: Iterable[Path]) -> list[Path]:
    """Return the files named, and the images below the folders named, each folder sorted.

    Raises:
        InputError: a path does not exist, or a folder holds no image.
    """
    listed: list[Path] = []
    for path in paths:
        if path.is_dir():
            below = [file for file in sorted(path.rglob("*")) if _is_image(file, path)]
            if not below:
                raise InputError(f"there is no image in {path}", remedy="name another folder")
            listed += below
        elif path.exists():
            listed.append(path)
        else:
            raise InputError(f"there is no file or folder {path}", remedy="check the path")
    return listed


def to_plain(path: Path, verdict: Verdict) -> dict[str, Any]:
    """Return a verdict as JSON can hold it: path, verdict, reasons, faces, texts, quality."""
    return {
        "path": str(path),
        "verdict": verdict.word,
        "reasons": list(verdict.reasons),
        "faces": verdict.list_boxes("face"),
        "texts": verdict.list_boxes("text"),
        "quality": asdict(verdict.quality) if verdict.quality else None,
    }


def format_table(judged: Sequence[tuple[Path, Verdict]], detector: str) -> Table:
    """Return one row for each image, with its surest boxes as width×height+left+top and score."""
    num_kept = sum(verdict.word == "keep" for _, verdict in judged)
    table = Table(caption=f"{num_kept} of {len(judged)} kept, by {detector}")
    for heading in ("image", "verdict", "reasons", "faces", "texts"):
        table.add_column(heading, overflow="fold")
    for path, verdict in judged:
        style = "green" if verdict.word == "keep" else "red"
        faces = [box for box in verdict.boxes if box.kind == "face"]
        texts = [box for box in verdict.boxes if box.kind == "text"]
        table.add_row(
            Text(str(path)),
            Text(verdict.word, style=style),
            ", ".join(verdict.reasons),
            _name_boxes(faces),
            _name_boxes(texts),
        )
    return table


def _is_image(file: Path, folder: Path) -> bool:
    """Tell by the suffix, so that a broken image is named too, or else by the first bytes."""
    is_hidden = any(part.startswith(".") for part in file.relative_to(folder).parts)
    if is_hidden or not file.is_file():
        return False
    if file.suffix.lower() in _SUFFIXES:
        return True
    try:
        with file.open("rb") as stream:
            return sniff_format(stream.read(SIGNATURE_BYTES)) is not None
    except OSError:
        return False


def _name_boxes(boxes: list[Box]) -> str:
    lines = [
        f"{box.width_px}×{box.height_px}+{box.left_px}+{box.top_px} ({box.score:.2f})"
        for box in boxes[:_MAX_SHOWN]
    ]
    more = len(boxes) - len(lines)
    return "\n".join([*lines, f"and {more} more"] if more > 0 else lines)
