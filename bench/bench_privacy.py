"""The privacy filter: images a second and core, and its cost beside decoding alone."""

from __future__ import annotations

import time
from pathlib import Path
from statistics import median

import numpy as np

from lienet.data.privacy.verdict import DEFAULT_FACE, DEFAULT_TEXT, Detection, Inspector
from lienet.images import decode_image, encode_png

_NUM_IMAGES = 8
_NUM_ROUNDS = 3
_FACE_MODEL = "models/face_detection_yunet_2023mar.onnx"
_TEXT_MODEL = "models/ch_PP-OCRv3_det_infer.onnx"


def measure(data_dir: Path | None) -> dict[str, float | str]:
    """Return images a second on one core, decoding included, and the share spent on decoding.

    Without models of real photographs only the cascades are measured, on noise-free gradients.
    """
    contents = _read_images(data_dir)
    inspectors = [Inspector(Detection(DEFAULT_FACE, DEFAULT_TEXT, None, None))]
    if data_dir is not None and (data_dir / _FACE_MODEL).is_file():
        face, text = data_dir / _FACE_MODEL, data_dir / _TEXT_MODEL
        inspectors.append(Inspector(Detection(DEFAULT_FACE, DEFAULT_TEXT, face, None)))
        inspectors.append(Inspector(Detection(DEFAULT_FACE, DEFAULT_TEXT, face, text)))
    spent: dict[str, list[float]] = {}
    for content in contents * _NUM_ROUNDS:
        started_s = time.perf_counter()
        decode_image(content)
        spent.setdefault("decode", []).append(time.perf_counter() - started_s)
        for inspector in inspectors:
            started_s = time.perf_counter()
            inspector.judge_bytes(content)
            spent.setdefault(inspector.name, []).append(time.perf_counter() - started_s)
    decode_s = median(spent.pop("decode"))
    measured: dict[str, float | str] = {}
    for name, times_s in spent.items():
        measured[f"{name}_images_per_s"] = 1 / median(times_s)
        measured[f"{name}_decode_share"] = decode_s / median(times_s)
    return measured


def _read_images(data_dir: Path | None) -> list[bytes]:
    paths = sorted((data_dir / "train/cid22").glob("*.webp"))[:_NUM_IMAGES] if data_dir else []
    if paths:
        return [path.read_bytes() for path in paths]
    ramp = np.add.outer(np.arange(512), np.arange(512))[..., None] // np.array([4, 5, 6])
    return [encode_png(ramp.astype(np.uint8))]
