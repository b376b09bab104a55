"""Small test shards and untrained models, as the stage evaluate finds them."""

from __future__ import annotations

from pathlib import Path

import skimage.data
import yaml

from lienet.images import encode_png
from lienet.params import Params, load_params
from lienet.shards.reading import Sample
from lienet.shards.writing import write_split
from lienet.workspace import Workspace
from tests.deployment.repeating import write_repeating
from tests.networks.untrained import store_untrained
from tests.sr_inputs import degrade_sr

PLACES = (("a", "near", 0), ("b", "near", 120), ("c", "far", 260))
SIZE_PX = (96, 128)


def make_quick(root: Path, repository: Path) -> tuple[Params, Workspace]:
    """Return a workspace at ``root`` whose evaluations take seconds."""
    content = yaml.safe_load((repository / "params.yaml").read_text())
    content["evaluate"]["keep_images_per_set"] = 1
    content["time"] = {"input_height_px": 16, "input_width_px": 24, "num_runs": 2}
    (root / "params.yaml").write_text(yaml.safe_dump(content))
    params, place = load_params(root / "params.yaml"), Workspace(root)
    return params, place


def make_reference(top_px: int):
    return skimage.data.astronaut()[top_px : top_px + SIZE_PX[0], 180 : 180 + SIZE_PX[1]]


def make_samples() -> list[Sample]:
    samples = []
    for key, test_set, top_px in PLACES:
        pixels = make_reference(top_px)
        degraded = {
            scale: degrade_sr(pixels, scale=scale, jpeg_quality=20, jpeg_chroma="4:2:0")
            for scale in (2, 4)
        }
        info = {"image": key, "source": test_set, "test_set": test_set}
        samples.append(Sample(f"{test_set}__{key}", encode_png(pixels), degraded, info))
    return sorted(samples, key=lambda sample: sample.key)


def write_model(params: Params, workspace: Workspace, key: str) -> None:
    spec = params.models[key]
    model_dir = workspace.model_dir(spec.task, spec.name)
    store_untrained(model_dir, spec, seed=params.seed, run_key="ab" * 32)
    write_repeating(model_dir / "model.onnx", spec.scale)


def write_shards(place: Workspace, task: str, split: str, samples: list[Sample]) -> None:
    write_split(
        place.shards_dir(task) / split,
        samples,
        task=task,
        split="test",
        params={},
        shard_max_bytes=2**20,
    )


def make_faded_samples() -> list[Sample]:
    samples = []
    for key, test_set, top_px in PLACES:
        pixels = make_reference(top_px)
        degraded = {1: encode_png((40 + pixels // 2).astype("uint8"))}
        info = {"image": key, "source": test_set, "test_set": test_set}
        samples.append(Sample(f"{test_set}__{key}", encode_png(pixels), degraded, info))
    return sorted(samples, key=lambda sample: sample.key)
