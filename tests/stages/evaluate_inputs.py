"""Small test shards and untrained models, as the stage evaluate finds them."""

from __future__ import annotations

from pathlib import Path

import onnx
import skimage.data
from onnx import TensorProto, helper, numpy_helper

from lienet.data.degradations import degrade_sr
from lienet.data.shard_writer import write_split
from lienet.data.shards import Sample
from lienet.images import encode_png
from lienet.params import Params
from lienet.workspace import Workspace
from tests.models.untrained import store_untrained

PLACES = (("a", "near", 0), ("b", "near", 120), ("c", "far", 260))
SIZE_PX = (96, 128)


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


def write_onnx(path: Path, scale: int, producer: str = "") -> None:
    """Write a network that repeats every pixel ``scale`` times per side; ``producer`` marks it."""
    import numpy as np

    node = helper.make_node(
        "Resize",
        ["degraded", "", "scales"],
        ["enhanced"],
        mode="nearest",
        coordinate_transformation_mode="asymmetric",
        nearest_mode="floor",
    )
    ends = [
        helper.make_tensor_value_info(name, TensorProto.FLOAT, [None, 3, None, None])
        for name in ("degraded", "enhanced")
    ]
    scales = numpy_helper.from_array(np.array([1, 1, scale, scale], np.float32), "scales")
    graph = helper.make_graph([node], "g", ends[:1], ends[1:], [scales])
    opsets = [helper.make_opsetid("", 18)]
    model = helper.make_model(graph, opset_imports=opsets, ir_version=9, producer_name=producer)
    onnx.save(model, path)


def write_model(params: Params, workspace: Workspace, key: str) -> None:
    spec = params.models[key]
    model_dir = workspace.model_dir(spec.task, spec.name)
    store_untrained(model_dir, spec, seed=params.seed, run_key="ab" * 32)
    write_onnx(model_dir / "model.onnx", spec.scale)


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
