"""What the filter finds: faces, lines and badges set into photographs, and alarms on clean ones.

Scenes are made of the clean photographs of ``test/``, at a longest side of 1024 px, and of every
second portrait of FFHQ; the others chose the defaults. A subject counts as found where a box of its
kind lies on it. Alarms are counted on every clean photograph, as it is.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import numpy as np

from bench.scenes import Scene, fit, set_badge, set_face, set_line
from lienet.images import Pixels, decode_image
from lienet.screening.boxes import Box
from lienet.screening.detection import DEFAULT_FACE, DEFAULT_TEXT
from lienet.screening.faces import YunetDetector
from lienet.screening.model_files import find_shipped_model
from lienet.screening.pyramid import Pyramid
from lienet.screening.text import TextDetector

CLEAN_LIST = Path(__file__).parent / "clean_photographs.csv"
"""Photographs by eye without a face, or without text: path, no_face, no_text."""
_SEED = 20260
_SIDE_PX = 1024
_FACES_PX = (16, 24, 32, 40, 64, 160)
_TURNED_PX = (32, 48, 64, 160)
_FAINT_PX = (32,)
_CAPITALS_PX = (8, 12, 16, 24)
_NUM_LINES = 12
_NUM_LARGE = 10
_LARGE_SIDE_PX = 3000
_LEAST_COVERED = 0.5


def measure(data_dir: Path | None) -> dict[str, float | str]:
    """Return recall by kind, size, turn and contrast, and the share of clean photographs refused.

    Raises:
        ValueError: there is no folder of photographs.
    """
    if data_dir is None:
        raise ValueError("it is measured on real photographs alone; name their folder by --data")
    return measure_faces(data_dir) | measure_text(data_dir) | measure_alarms(data_dir)


def measure_faces(data_dir: Path) -> dict[str, float | str]:
    """Return the share of pasted faces that is found, by the side of the face in pixels."""
    detector = YunetDetector(find_shipped_model("face"), DEFAULT_FACE)
    portraits = [_read(path) for path in sorted((data_dir / "faces/ffhq256").iterdir())[1::2]]
    backgrounds = _read_backgrounds(data_dir)
    draws = np.random.default_rng(_SEED)
    found: dict[str, float | str] = {}
    plans: list[tuple[str, int, dict[str, float]]] = [(f"face_{px}px", px, {}) for px in _FACES_PX]
    plans += [(f"face_{px}px_faint", px, {"contrast": 0.5}) for px in _FAINT_PX]
    plans += [(f"face_{px}px_sideways", px, {}) for px in _TURNED_PX]
    for name, face_px, options in plans:
        scenes = (
            set_face(
                _draw(backgrounds, draws),
                portrait,
                face_px,
                draws,
                quarter_turns=(1, 3)[index % 2] if "sideways" in name else 0,
                **options,
            )
            for index, portrait in enumerate(portraits)
        )
        found[name] = _share_found(detector, scenes)
    large = [fit(background, _LARGE_SIDE_PX) for background in backgrounds[:6]]
    found[f"face_64px_of_{_LARGE_SIDE_PX}"] = _share_found(
        detector,
        (set_face(_draw(large, draws), portrait, 64, draws) for portrait in portraits[:_NUM_LARGE]),
    )
    return found


def measure_text(data_dir: Path) -> dict[str, float | str]:
    """Return the share of written lines and badges that is found, by the height of capitals."""
    detector = TextDetector(find_shipped_model("text"), DEFAULT_TEXT)
    backgrounds = _read_backgrounds(data_dir)
    draws = np.random.default_rng(_SEED)
    kinds = {
        "line": partial(set_line, contrast=90),
        "line_faint": partial(set_line, contrast=40),
        "line_slanted": partial(set_line, contrast=90, turned_degrees=12),
        "line_upright": partial(set_line, contrast=90, turned_degrees=90),
        "badge": set_badge,
    }
    return {
        f"{name}_{capital_px}px": _share_found(
            detector,
            (make(_draw(backgrounds, draws), capital_px, draws) for _ in range(_NUM_LINES)),
        )
        for name, make in kinds.items()
        for capital_px in _CAPITALS_PX
    }


def measure_alarms(data_dir: Path) -> dict[str, float | str]:
    """Return the shares of clean photographs, as they are, in which a face or text is found."""
    faces = YunetDetector(find_shipped_model("face"), DEFAULT_FACE)
    texts = TextDetector(find_shipped_model("text"), DEFAULT_TEXT)
    with CLEAN_LIST.open(newline="", encoding="utf-8") as stream:
        rows = list(csv.DictReader(stream))
    shares: dict[str, float | str] = {}
    for kind, detector in (("face", faces), ("text", texts)):
        clean = [row["path"] for row in rows if row[f"no_{kind}"] == "1"]
        alarms = [path for path in clean if detector.find(Pyramid(_read(data_dir / path)))]
        shares[f"{kind}_alarms"] = len(alarms) / len(clean)
        shares[f"{kind}_clean"] = float(len(clean))
        shares[f"{kind}_alarms_on"] = " ".join(alarms)
    return shares


def is_found(scene: Scene, boxes: list[Box]) -> bool:
    """Return whether a box lies on a scene's subject: half of the smaller within the other."""
    left, top, right, bottom = scene.place
    for box in boxes:
        across = min(box.left_px + box.width_px, right) - max(box.left_px, left)
        down = min(box.top_px + box.height_px, bottom) - max(box.top_px, top)
        smaller = min(box.width_px * box.height_px, (right - left) * (bottom - top))
        if min(across, down) > 0 and across * down >= _LEAST_COVERED * smaller:
            return True
    return False


def _share_found(detector: YunetDetector | TextDetector, scenes: Iterator[Scene]) -> float:
    return float(
        np.mean([is_found(scene, detector.find(Pyramid(scene.pixels))) for scene in scenes])
    )


def _read_backgrounds(data_dir: Path) -> list[Pixels]:
    """Return the clean photographs among the test ones, without face and text, at 1024 px."""
    with CLEAN_LIST.open(newline="", encoding="utf-8") as stream:
        rows = [row for row in csv.DictReader(stream) if row["path"].startswith("test/")]
    clean = [row["path"] for row in rows if row["no_face"] == row["no_text"] == "1"]
    return [fit(_read(data_dir / path), _SIDE_PX) for path in clean]


def _draw(backgrounds: list[Pixels], draws: np.random.Generator) -> Pixels:
    return backgrounds[draws.integers(len(backgrounds))]


def _read(path: Path) -> Pixels:
    return decode_image(path.read_bytes())
