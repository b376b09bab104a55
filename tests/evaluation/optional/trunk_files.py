"""Classifiers' files with drawn weights: ImageNet's own are not lienet's to pass on."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import skimage.data
import torch

from lienet.images import decode_image, encode_jpeg

SHAPES = {
    "alexnet": {
        0: (64, 3, 11, 11),
        3: (192, 64, 5, 5),
        6: (384, 192, 3, 3),
        8: (256, 384, 3, 3),
        10: (256, 256, 3, 3),
    },
    "vgg16": {
        0: (64, 3, 3, 3),
        2: (64, 64, 3, 3),
        5: (128, 64, 3, 3),
        7: (128, 128, 3, 3),
        10: (256, 128, 3, 3),
        12: (256, 256, 3, 3),
        14: (256, 256, 3, 3),
        17: (512, 256, 3, 3),
        19: (512, 512, 3, 3),
        21: (512, 512, 3, 3),
        24: (512, 512, 3, 3),
        26: (512, 512, 3, 3),
        28: (512, 512, 3, 3),
    },
}
REFERENCE = np.ascontiguousarray(skimage.data.astronaut()[:101, 150:283])
WORSE = decode_image(encode_jpeg(REFERENCE, quality=10, chroma="4:2:0"))
WORST = decode_image(encode_jpeg(REFERENCE, quality=2, chroma="4:2:0"))


def write_trunk(path: Path, name: str) -> Path:
    """Write weights drawn as for a network at its start."""
    rng = np.random.default_rng(5)
    state = {}
    for position, shape in SHAPES[name].items():
        deviation = (2 / np.prod(shape[1:])) ** 0.5
        weight, bias = rng.normal(0, deviation, shape), rng.normal(0, 0.1, shape[:1])
        state[f"features.{position}.weight"] = torch.from_numpy(weight.astype(np.float32))
        state[f"features.{position}.bias"] = torch.from_numpy(bias.astype(np.float32))
    torch.save(state, path)
    return path
