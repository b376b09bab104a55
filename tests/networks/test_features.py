"""The AI feature map of both of the paper's networks, and a clear refusal of any other."""

from __future__ import annotations

import pytest
import torch

from lienet.errors import ModelError
from lienet.networks.architectures import EnhancementModel, LienetModel
from lienet.networks.features import extract_features
from lienet.networks.registry import build_model
from lienet.params import Params, load_params


@pytest.fixture
def params(repository) -> Params:
    return load_params(repository / "profiles" / "sample.yaml")


def test_super_resolution_s_features_have_the_input_s_size(params: Params):
    model = build_model(params.models["sr-lienet"]).eval()
    degraded = torch.rand(2, 3, 9, 14)
    with torch.inference_mode():
        features = extract_features(model, degraded)
        assert torch.equal(features, model.self_features(degraded))
    assert features.shape == (2, 16, 9, 14)


def test_enhancement_s_features_have_the_generator_s_size(params: Params):
    spec = params.models["face-lienet"]
    assert isinstance(spec, EnhancementModel)
    assert spec.fold == 4
    with torch.inference_mode():
        features = extract_features(build_model(spec).eval(), torch.rand(1, 3, 9, 14))
    assert features.shape == (1, 16, 3, 4)
    assert features.std() > 0


@pytest.mark.parametrize(
    ("key", "changes", "name"),
    [
        ("sr-srgan", {}, "Srgan"),
        ("sr-lienet", {"modulate": "none"}, "LienetSuperResolution"),
        ("face-lienet", {"self_features": False}, "LienetEnhancement"),
    ],
)
def test_a_network_without_them_is_refused(params: Params, key: str, changes, name: str):
    spec = params.models[key].model_copy(update=changes)
    assert changes == {} or isinstance(spec, LienetModel | EnhancementModel)
    with pytest.raises(ModelError, match=rf"got {name}; choose a lienet model"):
        extract_features(build_model(spec), torch.rand(1, 3, 8, 8))
