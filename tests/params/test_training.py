"""Sections refuse what is wrong within themselves, and cannot be changed once made."""

from __future__ import annotations

from typing import Any

import pytest
import yaml
from pydantic import ValidationError

from lienet.params import Objective, Perceptual, Train, load_params


@pytest.fixture
def train(repository: Any) -> dict[str, Any]:
    content = yaml.safe_load((repository / "profiles" / "sample.yaml").read_text())
    section: dict[str, Any] = content["train"]
    return section


def test_frozen():
    objective = Objective(
        pixel="mse", pixel_weight=1.0, ssim_weight=0.0, perceptual=None, adversarial=None
    )
    with pytest.raises(ValidationError, match="frozen"):
        objective.ssim_weight = 1.0  # type: ignore[misc]


def test_every_key_is_required_and_no_other_is_allowed():
    with pytest.raises(ValidationError, match="Field required"):
        Objective.model_validate({"pixel": "mse", "pixel_weight": 1.0})
    with pytest.raises(ValidationError, match="Extra inputs"):
        Objective.model_validate(
            {
                "pixel": "mse",
                "pixel_weight": 1.0,
                "ssim_weight": 0.0,
                "perceptual": None,
                "adversarial": None,
                "huber": 1,
            }
        )


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("steps", 0),
        ("learning_rate", -1.0),
        ("ema_decay", 1.0),
        ("patch_px", 30),
        ("precision", "fp8"),
        ("grad_clip_norm", 0.0),
    ],
)
def test_train_refuses(train: dict[str, Any], key: str, value: Any):
    Train.model_validate(train)
    with pytest.raises(ValidationError, match=key):
        Train.model_validate(train | {key: value})


@pytest.mark.parametrize("layer", ["conv6_1", "conv1_3", "relu1_1"])
def test_a_layer_that_vgg19_does_not_have(layer: str):
    with pytest.raises(ValidationError, match="VGG19's layers are conv1_1 to conv5_4"):
        Perceptual.model_validate({"weight": 1.0, "layers": {layer: 1.0}, "weights": None})


def test_a_model_s_own_rate_and_seed_come_before_what_is_shared(repository):
    params = load_params(repository / "profiles" / "sample.yaml")
    spec = params.models["face-lienet"]
    assert params.training_of(spec) == params.train.for_task("face")
    assert params.seed_of(spec) == params.seed
    own = spec.model_copy(update={"learning_rate": 0.25, "seed": 3})
    assert params.training_of(own).learning_rate == 0.25
    assert params.training_of(own).steps == params.train.for_task("face").steps
    assert params.seed_of(own) == 3


def test_an_override_changes_its_task_alone(train: dict[str, Any]):
    overrides = {"sr": {}, "face": {"steps": 7}, "old_photo": {}}
    section = Train.model_validate(train | {"overrides": overrides})
    assert section.for_task("face").steps == 7
    assert section.for_task("sr") == section.for_task("old_photo") == section
