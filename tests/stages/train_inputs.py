"""Small shards and params that a network is trained on within seconds."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import skimage.data
import yaml

from lienet.degradations.face import degrade_face
from lienet.images import encode_png
from lienet.params import Params, load_params
from lienet.shards.reading import Sample
from lienet.shards.writing import write_split
from lienet.workspace import Workspace
from tests.networks.specs import fsrnet_spec
from tests.sr_inputs import degrade_sr


def make_sample(index: int) -> Sample:
    generator = np.random.default_rng(index)
    coarse = generator.integers(0, 256, (8, 8, 3), dtype=np.uint8)
    reference = coarse.repeat(8, axis=0).repeat(8, axis=1)
    key = f"photo_{index}"
    info = {"image": key, "source": "photos", "test_set": "photos", "top_px": 0, "left_px": 0}
    info |= {"height_px": 64, "width_px": 64, "licence": "CC0", "author": "nobody"}
    jpeg = degrade_sr(reference, scale=4, jpeg_quality=20, jpeg_chroma="4:2:0")
    return Sample(key=key, reference_png=encode_png(reference), degraded={4: jpeg}, info=info)


GAN = {
    "pixel": "mse",
    "pixel_weight": 1.0,
    "ssim_weight": 0.02,
    "perceptual": {"weight": 0.01, "layers": {"conv1_1": 1.0}, "weights": "vgg.npz"},
    "adversarial": {
        "weight": 0.001,
        "warm_up_steps": 12,
        "discriminator_channels": 2,
        "spectral_norm": False,
        "learning_rate": 1e-4,
        "collapse_after_points": 5,
    },
}


def write_vgg19(path: Path, *, seed: int = 0) -> None:
    generator = np.random.default_rng(seed)
    weight = generator.normal(0, 0.1, (64, 3, 3, 3)).astype(np.float32)
    np.savez(path, **{"conv1_1.weight": weight, "conv1_1.bias": np.zeros(64, np.float32)})


def make_workspace(
    root: Path, repository: Path, *, objective: str = "sr", **changes: Any
) -> tuple[Workspace, Params]:
    content = yaml.safe_load((repository / "profiles" / "sample.yaml").read_text())
    content["synthesize"]["tasks"]["sr"] |= {"tile_px": 64, "tile_stride_px": 64, "scales": [4]}
    content["evaluate"]["protocols"] = {
        name: protocol
        for name, protocol in content["evaluate"]["protocols"].items()
        if protocol["scale"] in (1, 4)
    }
    content["models"]["sr-lienet"] |= {"channels": 4, "num_blocks": 1, "objective": objective}
    content["train"] |= {
        "steps": 60,
        "batch_size": 2,
        "patch_px": 16,
        "num_threads": 1,
        "precision": "fp32",
        "accelerator": "cpu",
        "log_every_steps": 10,
        "validate_every_steps": 30,
        "checkpoint_every_steps": 5,
    } | changes
    root.mkdir(parents=True)
    write_vgg19(root / "vgg.npz")
    content["train"]["objectives"]["gan"] = GAN
    (root / "params.yaml").write_text(yaml.safe_dump(content))
    workspace = Workspace(root)
    shards = workspace.shards_dir("sr")
    for split, numbers in (("train", range(4)), ("valid", range(10, 12))):
        samples = [make_sample(number) for number in numbers]
        write_split(
            shards / split,
            samples,
            task="sr",
            split=split,
            params={},
            shard_max_bytes=1 << 20,
        )
    return workspace, load_params(root / "params.yaml")


def add_portrait(workspace: Workspace, params: Params) -> Params:
    """Add face shards of one portrait, and a network that learns where its landmarks are."""
    reference = np.ascontiguousarray(skimage.data.astronaut()[:256, 96:352])
    info = dict(make_sample(0).info) | {"height_px": 256, "width_px": 256}
    degraded = encode_png(degrade_face(reference, factor=4))
    sample = Sample("astronaut", encode_png(reference), {1: degraded}, info)
    for split in ("train", "valid"):
        write_split(
            workspace.shards_dir("face") / split,
            [sample],
            task="face",
            split=split,
            params={},
            shard_max_bytes=1 << 20,
        )
    content = params.model_dump()
    content["models"]["face-fsrnet"] = fsrnet_spec().model_dump()
    content["train"]["overrides"]["face"] = {"steps": 20, "patch_px": 64}
    return Params.model_validate(content)
