"""A workspace as evaluate leaves it, made of photographs from scikit-image and invented networks.

The "networks" are bicubic upsampling with a little of the reference mixed in, which gives every
file its true form and the scores a known order; nothing is learnt.
"""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import yaml
from PIL import Image
from skimage import data

from lienet.evaluation.benchmark import results_as_json, summarise
from lienet.evaluation.scores import ImageScore, Interval, Result, scores_as_csv
from lienet.images import decode_image, encode_jpeg, encode_png
from lienet.params import Params
from lienet.shards.reading import Sample
from lienet.shards.writing import write_split
from lienet.workspace import Workspace

# How much of the reference is mixed in: the order of quality.
SHARES = {"bicubic": 0.0, "srgan": 0.08, "esrgan": 0.10, "sftgan": 0.05, "lienet": 0.12}
COSTS = {
    "bicubic": (0, 0, 1.5),
    "srgan": (131_000, 7_900_000_000, 61.0),
    "esrgan": (143_000, 8_400_000_000, 70.2),
    "sftgan": (137_000, 8_100_000_000, 75.5),
    "lienet": (124_000, 7_100_000_000, 58.1),
}
IMAGES = {
    "mixed": {"mixed__cup": data.coffee, "mixed__cat": data.chelsea},
    "solo": {"solo__pilot": data.astronaut},
}
TEST_KEYS = sorted(key for keys in IMAGES.values() for key in keys)


def make_params(repository: Path, **report: Any) -> Params:
    """The sample profile with five models and four protocols."""
    content = yaml.safe_load((repository / "profiles" / "sample.yaml").read_text())
    names = {f"sr-{name}" for name in SHARES}
    content["models"] = {key: spec for key, spec in content["models"].items() if key in names}
    content["evaluate"]["methods"] = {
        "sr-bicubic": {"task": "sr", "name": "bicubic", "method": "bicubic"}
    }
    content["evaluate"]["protocols"] = {
        f"x{scale}_q20_{colour}": {
            "task": "sr",
            "scale": scale,
            "jpeg_quality": 20,
            "jpeg_chroma": "4:2:0",
            "colour": colour,
            "border_px": scale,
        }
        for scale in (4, 2)
        for colour in ("luma", "rgb")
    }
    content["promote"]["tasks"] = {"sr": content["promote"]["tasks"]["sr"]}
    content["report"] = {
        "figure_protocols": {"sr": "x4_q20_luma"},
        "figure_crop_px": 64,
        "max_figure_images": 3,
    } | report
    return Params.model_validate(content)


def with_means(result: Result, **changes: float | None) -> Result:
    """Return a result in which means of these metrics are others, or, if None, not measured."""
    means = {**result.means, **changes}
    return replace(result, means={name: mean for name, mean in means.items() if mean is not None})


def make_workspace(root: Path, params: Params, *, side_px: int = 192) -> Workspace:
    """Write test shards, metrics, per-image scores and enhanced images under ``root``."""
    workspace = Workspace(root)
    (root / "params.yaml").write_text(yaml.safe_dump(params.model_dump(mode="json")))
    samples = _make_samples(side_px)
    write_split(
        workspace.shards_dir("sr") / "test",
        samples,
        task="sr",
        split="test",
        params={},
        shard_max_bytes=10**9,
    )
    _evaluate(workspace, params, "bicubic", "bicubic", samples)
    for model in params.models.values():
        _evaluate(workspace, params, model.name, model.architecture, samples)
    return workspace


def _make_samples(side_px: int) -> list[Sample]:
    samples = []
    for test_set, images in IMAGES.items():
        for key, load in images.items():
            reference = load()[40 : 40 + side_px, 90 : 90 + side_px + side_px // 4, :3]
            height, width = (size // 4 * 4 for size in reference.shape[:2])
            reference = np.ascontiguousarray(reference[:height, :width])
            degraded = {
                scale: encode_jpeg(
                    _resize(reference, width // scale, height // scale), quality=20, chroma="4:2:0"
                )
                for scale in (2, 4)
            }
            info = {"image": key, "source": test_set, "test_set": test_set}
            samples.append(Sample(key, encode_png(reference), degraded, info))
    return sorted(samples, key=lambda sample: sample.key)


def _evaluate(
    workspace: Workspace, params: Params, name: str, architecture: str, samples: list[Sample]
) -> None:
    scores: list[ImageScore] = []
    for protocol_name, protocol in params.evaluate.protocols.items():
        if architecture != "bicubic" and protocol.scale != 4:
            continue
        for sample in samples:
            test_set = sample.info["test_set"]
            reference = decode_image(sample.reference_png)
            enhanced = _enhance(sample, protocol.scale, SHARES[name])
            folder = workspace.evaluation_dir("sr", name) / "images" / f"x{protocol.scale}"
            (folder / test_set).mkdir(parents=True, exist_ok=True)
            (folder / test_set / f"{sample.key}.png").write_bytes(encode_png(enhanced))
            psnr_db = _psnr_db(enhanced, reference)
            bicubic_db = _psnr_db(_enhance(sample, protocol.scale, 0.0), reference)
            values = {"psnr_db": psnr_db, "ssim": psnr_db / 40, "vmaf": 2 * psnr_db}
            baseline = {"psnr_db": bicubic_db, "ssim": bicubic_db / 40}
            scores.append(ImageScore(protocol_name, test_set, sample.key, values, baseline))
    (workspace.evaluation_dir("sr", name) / "per_image.csv").write_text(scores_as_csv(scores))
    num_params, num_macs, latency_ms = COSTS[name]
    content = {
        "task": "sr",
        "model": name,
        "architecture": architecture,
        "scale": 4,
        "num_params": num_params,
        "num_macs": num_macs,
        "macs_output_px": [720, 1280],
        "latency_ms": latency_ms,
        "latency_input_px": [180, 320],
        "steps": 0 if architecture == "bicubic" else 400,
        "data_sha256": {},
        "weights_sha256": f"{num_params:064x}" if num_params else "",
        "results": results_as_json(summarise(scores, bound)),
    }
    workspace.evaluation_path("sr", name).write_text(json.dumps(content))


def bound(differences: Any) -> Interval:
    """Return the mean of differences between the least and the largest."""
    return Interval(float(np.mean(differences)), float(min(differences)), float(max(differences)))


def _enhance(sample: Sample, scale: int, share: float) -> np.ndarray:
    reference = decode_image(sample.reference_png)
    height, width = reference.shape[:2]
    enlarged = _resize(decode_image(sample.degraded[scale]), width, height)
    return np.rint(share * reference + (1 - share) * enlarged).astype(np.uint8)


def _resize(pixels: np.ndarray, width: int, height: int) -> np.ndarray:
    return np.asarray(Image.fromarray(pixels).resize((width, height), Image.Resampling.BICUBIC))


def _psnr_db(enhanced: np.ndarray, reference: np.ndarray) -> float:
    error = np.mean((enhanced.astype(float) - reference.astype(float)) ** 2)
    return float(10 * np.log10(255**2 / error))
