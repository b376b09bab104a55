"""The AI feature map is the one that modulates, and only our networks have it."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from lienet.errors import ModelError
from lienet.models.baselines import Bicubic
from lienet.models.features import extract_features
from lienet.models.registry import build_model
from lienet.params import load_params


def test_the_map_has_the_input_s_size_and_the_network_s_channels(repository: Path):
    model = build_model(load_params(repository / "params.yaml").models["sr-lienet"])
    degraded = torch.rand(1, 3, 24, 32)
    features = extract_features(model, degraded)
    assert features.shape == (1, 16, 24, 32)
    assert torch.equal(features, model.self_features(degraded))


def test_a_network_without_self_features_has_none():
    with pytest.raises(ModelError, match="only a network with self-feature extraction"):
        extract_features(Bicubic(2), torch.rand(1, 3, 16, 16))
