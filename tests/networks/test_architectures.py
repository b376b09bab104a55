"""Built-in architectures and one from a plain file, through the same doors."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest
import torch

from lienet.deployment.onnx import export_onnx, measure_parity
from lienet.errors import ModelError
from lienet.networks.registry import build_model, load_model
from lienet.params import Model, architectures
from tests.networks import specs
from tests.networks.untrained import store_untrained

BUILT_IN = [
    (specs.lienet_spec, "LienetSuperResolution"),
    (specs.enhancement_spec, "LienetEnhancement"),
    (specs.srgan_spec, "Srgan"),
    (specs.esrgan_spec, "Esrgan"),
    (specs.sftgan_spec, "Sftgan"),
]


@pytest.fixture
def espcn(repository: Path, monkeypatch: pytest.MonkeyPatch) -> Model:
    """The example's architecture, known for the time of a test."""
    monkeypatch.setattr(architectures, "_parts", dict(architectures._parts))
    path = repository / "docs" / "examples" / "architecture.py"
    found = importlib.util.spec_from_file_location("architecture_of_an_example", path)
    assert found is not None
    assert found.loader is not None
    found.loader.exec_module(importlib.util.module_from_spec(found))
    entry = {"task": "sr", "name": "espcn", "architecture": "espcn", "scale": 2}
    return architectures.get("espcn").model_validate(entry | {"objective": "sr", "channels": 4})


@pytest.mark.parametrize(("make", "name"), BUILT_IN)
def test_every_architecture_builds_its_network_at_its_scale(make, name: str):
    spec = make()
    model = build_model(spec).eval()
    assert type(model).__name__ == name
    with torch.inference_mode():
        enhanced = model(torch.rand(1, 3, 12, 8))
    assert enhanced.shape == (1, 3, 12 * spec.scale, 8 * spec.scale)


def test_one_of_ones_own_is_stored_found_again_and_exported_at_any_size(
    espcn: Model, tmp_path: Path
):
    store_untrained(tmp_path, espcn, seed=3, run_key="0" * 64)
    model, card = load_model(tmp_path)
    assert card.spec == espcn.model_dump()
    content = export_onnx(model, opset=18, metadata={})
    assert measure_parity(model, content, [(8, 8), (13, 21)]) < 1e-5


def test_a_stored_model_whose_plugin_is_gone_is_one_clear_error(
    espcn: Model, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    store_untrained(tmp_path, espcn, seed=3, run_key="0" * 64)
    monkeypatch.delitem(architectures._parts, "espcn")
    with pytest.raises(ModelError, match=r"no model that can be built: .*got espcn.*in plugins"):
        load_model(tmp_path)
