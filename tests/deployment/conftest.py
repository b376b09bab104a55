"""A small SPADE network and its ONNX file, exported once: it takes seconds.

Whatever uses them carries ``xdist_group("onnx")``, so that one worker makes them for all.
"""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from torch import nn

from lienet.deployment.onnx import export_onnx
from lienet.networks.blocks import Modulation
from lienet.networks.enhancement import LienetEnhancement
from lienet.networks.registry import build_model
from lienet.params import load_params


@pytest.fixture(scope="session")
def spade_network(repository: Path) -> LienetEnhancement:
    """A small network whose SPADE layers do something."""
    spec = load_params(repository / "profiles" / "sample.yaml").models["face-lienet"]
    torch.manual_seed(5)
    network = build_model(spec.model_copy(update={"num_blocks": 1, "channels": 4}))
    assert isinstance(network, LienetEnhancement)
    for layer in network.modules():
        if isinstance(layer, Modulation):
            nn.init.normal_(layer.alpha.weight, std=0.2)
            nn.init.normal_(layer.beta.weight, std=0.2)
    return network.eval()


@pytest.fixture(scope="session")
def spade_content(spade_network: LienetEnhancement) -> bytes:
    """Its ONNX file."""
    return export_onnx(spade_network, opset=18, metadata={"scale": "1"})
