"""A small network of each task as formats are made of it, exported once."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from lienet.deployment.formats.base import Source
from lienet.deployment.onnx import export_onnx
from lienet.networks.registry import build_model
from tests.networks.specs import lienet_spec

METADATA = {"scale": "2", "task": "sr"}


@pytest.fixture(scope="session")
def source() -> Source:
    """A network with all that the paper's has, its output near a photograph's range."""
    spec = lienet_spec(scale=2, channels=4, num_blocks=1, modulate="output")
    torch.manual_seed(3)
    model = build_model(spec).eval()
    draw = np.random.default_rng(7)
    tiles = [draw.random((1, 3, 24, 24), dtype=np.float32) for _ in range(4)]
    content = export_onnx(model, opset=18, metadata=METADATA)
    return Source(model=model, onnx=content, calibration=tiles, opset=18, metadata=METADATA)
