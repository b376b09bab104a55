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
    (specs.vdsr_spec, "Vdsr"),
    (specs.espcn_spec, "Espcn"),
    (specs.ecbsr_spec, "Ecbsr"),
    (specs.span_spec, "Span"),
    (specs.rlfn_spec, "Rlfn"),
    (specs.hifacegan_spec, "Hifacegan"),
    (specs.bopbl_spec, "Bopbl"),
    (specs.fsrnet_spec, "Fsrnet"),
]


@pytest.fixture
def three_layers(repository: Path, monkeypatch: pytest.MonkeyPatch) -> Model:
    """The example's architecture, known for the time of a test."""
    monkeypatch.setattr(architectures, "_parts", dict(architectures._parts))
    path = repository / "docs" / "examples" / "architecture.py"
    found = importlib.util.spec_from_file_location("architecture_of_an_example", path)
    assert found is not None
    assert found.loader is not None
    found.loader.exec_module(importlib.util.module_from_spec(found))
    entry = {"task": "sr", "name": "three_layers", "architecture": "three_layers", "scale": 2}
    spec = architectures.get("three_layers")
    return spec.model_validate(entry | {"objective": "sr", "channels": 4})


@pytest.mark.parametrize(("make", "name"), BUILT_IN)
def test_every_architecture_builds_its_network_at_its_scale(make, name: str):
    spec = make()
    model = build_model(spec).eval()
    assert type(model).__name__ == name
    with torch.inference_mode():
        enhanced = model(torch.rand(1, 3, 12, 8))
    assert enhanced.shape == (1, 3, 12 * spec.scale, 8 * spec.scale)


def test_one_of_ones_own_is_stored_found_again_and_exported_at_any_size(
    three_layers: Model, tmp_path: Path
):
    store_untrained(tmp_path, three_layers, seed=3, run_key="0" * 64)
    model, card = load_model(tmp_path)
    assert card.spec == three_layers.model_dump()
    content = export_onnx(model, opset=18, metadata={})
    assert measure_parity(model, content, [(8, 8), (13, 21)]) < 1e-5


def test_a_stored_model_whose_plugin_is_gone_is_one_clear_error(
    three_layers: Model, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    store_untrained(tmp_path, three_layers, seed=3, run_key="0" * 64)
    monkeypatch.delitem(architectures._parts, "three_layers")
    said = r"no model that can be built: .*got three_layers.*in plugins"
    with pytest.raises(ModelError, match=said):
        load_model(tmp_path)
