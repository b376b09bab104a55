"""A workspace of the tasks that keep an image's size, as evaluate leaves it, of invented networks.

As in ``evaluated``, a "network" is the input with a share of the reference mixed in.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import yaml
from skimage import data

from lienet.evaluation.appearance import changes_as_json, compare_appearances
from lienet.evaluation.benchmark import results_as_json, summarise
from lienet.evaluation.feature_map import FeatureMap
from lienet.evaluation.intervals import make_bound
from lienet.evaluation.measures import Ciede2000, Sharpness
from lienet.evaluation.methods import Unchanged
from lienet.evaluation.scores import scores_as_csv
from lienet.evaluation.scoring import Contender, score_samples
from lienet.images import decode_image, encode_jpeg, encode_png
from lienet.params import Params
from lienet.shards.reading import Sample
from lienet.shards.writing import write_split
from lienet.workspace import Workspace

TASKS = ("face", "old_photo")
SHARES = {"input": 0.0, "srresnet": 0.2, "lienet_gan": 0.25}
SHARES |= {"ablation_no_spade": 0.3, "lienet": 0.4}
_LIENET = {
    "architecture": "lienet_enhancement", "scale": 1, "channels": 16, "fold": 4, "num_blocks": 6,
    "convs_per_block": 2, "modulate": "concatenation", "self_features": True, "dense": True,
    "fusion_kernel": 3, "block_residual": True, "spade": True, "global_skip": "bicubic",
}  # fmt: skip
_SRGAN = {
    "architecture": "srgan", "scale": 1, "channels": 32, "num_blocks": 16, "batch_norm": False,
    "global_skip": "bicubic",
}  # fmt: skip
_GAN = {
    "pixel": "mse", "pixel_weight": 1.0, "ssim_weight": 0.02, "perceptual": None,
    "adversarial": {
        "weight": 1e-4, "warm_up_steps": 10, "discriminator_channels": 16, "spectral_norm": False,
        "learning_rate": 1e-4, "collapse_after_points": 5,
    },
}  # fmt: skip
IMAGES = {"pilot": data.astronaut, "cup": data.coffee, "cat": data.chelsea}


class Mixed:
    """A method that knows the references of its inputs."""

    def __init__(self, samples: list[Sample], share: float) -> None:
        self._share = share
        self._references = {
            decode_image(each.degraded[1]).tobytes(): decode_image(each.reference_png)
            for each in samples
        }

    def enhance(self, pixels: np.ndarray) -> np.ndarray:
        reference = self._references[pixels.tobytes()]
        return np.rint(self._share * reference + (1 - self._share) * pixels).astype(np.uint8)


def make_params(repository: Path) -> Params:
    content = yaml.safe_load((repository / "profiles" / "sample.yaml").read_text())
    content["models"] = {
        f"{task}-{name}": {"task": task, "name": name} | _spec(name)
        for task in TASKS
        for name in SHARES
        if name != "input"
    }
    content["train"]["objectives"]["enhancement_gan"] = _GAN
    content["report"] = {
        "figure_protocols": {"face": "face_luma", "old_photo": "old_photo_rgb"},
        "figure_crop_px": 64,
        "max_figure_images": 2,
    }
    return Params.model_validate(content)


def _spec(name: str) -> dict[str, Any]:
    objective = "enhancement_gan" if name == "lienet_gan" else "enhancement"
    return (_SRGAN if name == "srresnet" else _LIENET) | {"objective": objective}


def make_samples(task: str, side_px: int = 160) -> list[Sample]:
    samples = []
    for key, load in IMAGES.items():
        reference = np.ascontiguousarray(load()[20 : 20 + side_px, 150 : 150 + side_px, :3])
        if task == "face":
            degraded = encode_png(cv2.GaussianBlur(reference, (0, 0), 2.5))
        else:
            noise = np.random.default_rng(0).normal(0, 6, reference.shape)
            faded = 40 + reference * np.array([0.65, 0.6, 0.5]) + noise
            faded = np.rint(faded).clip(0, 255).astype(np.uint8)
            degraded = encode_jpeg(faded, quality=80, chroma="4:2:0")
        info = {"image": key, "source": "set", "test_set": "set"}
        samples.append(Sample(f"set__{key}", encode_png(reference), {1: degraded}, info))
    return sorted(samples, key=lambda sample: sample.key)


def make_workspace(root: Path, params: Params) -> Workspace:
    workspace = Workspace(root)
    (root / "params.yaml").write_text(yaml.safe_dump(params.model_dump(mode="json")))
    for task in TASKS:
        samples = make_samples(task)
        _write_shards(workspace, task, "test", samples)
        if task == "old_photo":
            _write_shards(workspace, task, "real", [_bare(each) for each in samples[:2]])
        names = {name: spec.architecture for name, spec in _models_of(params, task).items()}
        methods = [each for each in params.evaluate.methods.values() if each.task == task]
        names = {method.name: method.method for method in methods} | names
        for name, architecture in names.items():
            _evaluate(workspace, params, task, name, architecture, samples)
    return workspace


def _models_of(params: Params, task: str) -> dict[str, Any]:
    return {model.name: model for model in params.models.values() if model.task == task}


def _bare(sample: Sample) -> Sample:
    return Sample(sample.key, None, sample.degraded, sample.info)


def _write_shards(workspace: Workspace, task: str, split: Any, samples: list[Sample]) -> None:
    write_split(
        workspace.shards_dir(task) / split,
        samples,
        task=task,
        split=split,
        params={},
        shard_max_bytes=10**9,
    )


def _evaluate(
    workspace: Workspace,
    params: Params,
    task: str,
    name: str,
    architecture: str,
    samples: list[Sample],
) -> None:
    folder = workspace.evaluation_dir(task, name)
    method = Mixed(samples, SHARES.get(name, 0.1))

    def keep(image: Any, place: str = "images") -> None:
        path = folder / place / "x1" / image.test_set / f"{image.key}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(encode_png(image.pixels))

    protocols = {key: each for key, each in params.evaluate.protocols.items() if each.task == task}
    scores = score_samples(
        samples,
        {1: Contender(method, Unchanged())},
        protocols,
        metrics={"sharpness": Sharpness()}
        | ({"ciede2000": Ciede2000()} if task == "old_photo" else {}),
        on_image=keep,
    )
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "per_image.csv").write_text(scores_as_csv(scores))
    results = summarise(scores, make_bound(0.95))
    is_network = architecture not in ("input", "unsharp", "restoration")
    content: dict[str, Any] = {
        "task": task,
        "model": name,
        "architecture": architecture,
        "scale": 1,
        "num_params": 300_000 + len(name) if is_network else 0,
        "num_macs": 9_000_000_000 if is_network else None,
        "macs_output_px": [720, 1280],
        "latency_ms": 12.5,
        "latency_input_px": [180, 320],
        "steps": 150 if is_network else 0,
        "data_sha256": {},
        "weights_sha256": "ab" * 32 if is_network else "",
        "results": results_as_json(results),
    }
    if task == "face":
        content["identity"] = {"note": "left out: no model", "sets": {}}
    else:
        real = [_bare(each) for each in samples[:2]]
        changes = compare_appearances(real, method, on_image=lambda image: keep(image, "real"))
        content["real"] = changes_as_json(changes)
    if name == "lienet":
        (folder / "features.npz").write_bytes(_make_map(samples[0]).to_bytes())
    workspace.evaluation_path(task, name).write_text(json.dumps(content))


def _make_map(sample: Sample) -> FeatureMap:
    degraded = decode_image(sample.degraded[1])
    grey = cv2.resize(degraded, (40, 40), interpolation=cv2.INTER_AREA)
    channels = np.stack([np.roll(grey[..., place % 3], place, axis=0) for place in range(16)])
    edges = np.arange(16, dtype=np.float32)
    return FeatureMap("set", sample.key, degraded, channels, -edges / 10, edges / 5)
