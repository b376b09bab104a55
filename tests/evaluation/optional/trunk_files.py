"""Classifiers' files with drawn weights: ImageNet's own are not lienet's to pass on."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import skimage.data
import torch

from lienet.errors import InputError
from lienet.images import decode_image, encode_jpeg
from lienet.params.evaluation import metrics

CONVS = {
    "alexnet": {0: (64, 11), 3: (192, 5), 6: (384, 3), 8: (256, 3), 10: (256, 3)},
    "vgg16": {
        0: (64, 3),
        2: (64, 3),
        5: (128, 3),
        7: (128, 3),
        10: (256, 3),
        12: (256, 3),
        14: (256, 3),
        17: (512, 3),
        19: (512, 3),
        21: (512, 3),
        24: (512, 3),
        26: (512, 3),
        28: (512, 3),
    },
}
"""Channels and taps by the place in torchvision's features."""
REFERENCE = np.ascontiguousarray(skimage.data.astronaut()[:101, 150:283])
WORSE = decode_image(encode_jpeg(REFERENCE, quality=10, chroma="4:2:0"))
WORST = decode_image(encode_jpeg(REFERENCE, quality=2, chroma="4:2:0"))


def write_trunk(path: Path, name: str) -> Path:
    """Write weights drawn as for a network at its start."""
    rng = np.random.default_rng(5)
    state, inputs = {}, 3
    for position, (channels, taps) in CONVS[name].items():
        shape = (channels, inputs, taps, taps)
        deviation = (2 / np.prod(shape[1:])) ** 0.5
        weight, bias = rng.normal(0, deviation, shape), rng.normal(0, 0.1, channels)
        state[f"features.{position}.weight"] = torch.from_numpy(weight.astype(np.float32))
        state[f"features.{position}.bias"] = torch.from_numpy(bias.astype(np.float32))
        inputs = channels
    torch.save(state, path)
    return path


def check_distance(name: str, fields: Mapping[str, Any]) -> None:
    """Hold a metric to what a distance of images is."""
    metric = metrics.get(name).model_validate(fields)
    metric.require_tools()
    measure = metric.measure
    assert measure(REFERENCE, REFERENCE) == 0.0
    assert 0 < measure(REFERENCE, WORSE) < measure(REFERENCE, WORST)
    assert measure(WORSE, REFERENCE) == pytest.approx(measure(REFERENCE, WORSE), rel=1e-6)
    wide = [each.astype(np.uint16) * 257 for each in (REFERENCE, WORSE)]
    assert measure(*wide) == pytest.approx(measure(REFERENCE, WORSE), rel=1e-5)
    with pytest.raises(InputError, match="32 px a side or more, got 133x31 px"):
        measure(REFERENCE[:31], WORSE[:31])
