"""The filter: images a second and core at 1024 px, and the share that each part takes."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np

from lienet.images import Pixels, decode_image, encode_jpeg
from lienet.manifests.duplicates import find_near
from lienet.screening.detection import DEFAULT_DETECTION, DEFAULT_FACE, DEFAULT_TEXT
from lienet.screening.faces import YunetDetector
from lienet.screening.inspector import Inspector
from lienet.screening.model_files import find_shipped_model
from lienet.screening.perceptual_hash import HASH_INPUT_PX, hash_picture
from lienet.screening.pyramid import Pyramid
from lienet.screening.quality import measure_quality
from lienet.screening.text import TextDetector

_SIDE_PX = 1024
_NUM_IMAGES = 12
_NUM_ROUNDS = 2
_NUM_HASHES = 1_000_000
_HASH_DISTANCE = 4


def measure(data_dir: Path | None) -> dict[str, float | str]:
    """Return images a second on one core, decoding included, in processor time.

    On JPEGs of real photographs whose longest side is 1024 px, at quality 90; ``all`` looks for
    text in every image, ``default`` not in those that a face or a gate keeps out.
    """
    contents = make_photographs(data_dir)
    measured: dict[str, float | str] = {"images": float(len(contents)), "side_px": float(_SIDE_PX)}
    detection = DEFAULT_DETECTION
    whole_s = _time_all(contents, Inspector(detection).inspect_bytes)
    measured["all_images_per_s"] = 1 / whole_s
    quick = Inspector(replace(detection, find_all=False))
    measured["default_images_per_s"] = 1 / _time_all(contents, quick.inspect_bytes)
    faces = YunetDetector(find_shipped_model("face"), DEFAULT_FACE)
    texts = TextDetector(find_shipped_model("text"), DEFAULT_TEXT)
    pictures = [decode_image(content) for content in contents]
    shares: dict[str, float] = {
        "decode": _time_all(contents, decode_image),
        "faces": _time_all(pictures, lambda pixels: faces.find(Pyramid(pixels))),
        "text": _time_all(pictures, lambda pixels: texts.find(Pyramid(pixels))),
        "gates": _time_all(pictures, measure_quality),
        "hash": _time_all(
            pictures, lambda pixels: hash_picture(Pyramid(pixels).shrink_to(HASH_INPUT_PX))
        ),
    }
    measured |= {f"{name}_share": spent_s / whole_s for name, spent_s in shares.items()}
    at_once = DEFAULT_TEXT.model_copy(update={"whole_side_px": _SIDE_PX})
    whole = TextDetector(find_shipped_model("text"), at_once)
    whole_text_s = _time_all(pictures, lambda pixels: whole.find(Pyramid(pixels)))
    measured["text_windows_against_whole"] = whole_text_s / shares["text"]
    return measured | _measure_duplicates()


def _measure_duplicates() -> dict[str, float | str]:
    """Return the seconds that the near-duplicates among a million hashes take."""
    hashes = np.random.default_rng(0).integers(0, 2**64, _NUM_HASHES, np.uint64)
    started_s = time.process_time()
    for _ in find_near(hashes, max_distance=_HASH_DISTANCE):
        pass
    return {"near_duplicates_of_a_million_s": time.process_time() - started_s}


def _time_all(items: list, function: Callable) -> float:
    """Return the mean over items of the least processor time of several rounds."""
    function(items[0])
    rounds: list[list[float]] = []
    for _ in range(_NUM_ROUNDS):
        spent_s = []
        for item in items:
            started_s = time.process_time()
            function(item)
            spent_s.append(time.process_time() - started_s)
        rounds.append(spent_s)
    return float(np.mean(np.min(rounds, axis=0)))


def make_photographs(data_dir: Path | None) -> list[bytes]:
    """Return JPEGs of photographs whose longest side is 1024 px."""
    folder = data_dir / "train" / "clic2025" if data_dir else None
    if folder is None or not folder.is_dir():
        ramp = np.add.outer(np.arange(_SIDE_PX), np.arange(_SIDE_PX))[..., None]
        return [_as_jpeg((ramp // np.array([8, 9, 10])).astype(np.uint8))]
    paths = sorted(folder.iterdir())[:_NUM_IMAGES]
    return [_as_jpeg(decode_image(path.read_bytes())) for path in paths]


def _as_jpeg(pixels: Pixels) -> bytes:
    factor = _SIDE_PX / max(pixels.shape[:2])
    size = (round(pixels.shape[1] * factor), round(pixels.shape[0] * factor))
    resized = cv2.resize(pixels, size, interpolation=cv2.INTER_AREA)
    return encode_jpeg(resized, quality=90, chroma="4:2:0")
