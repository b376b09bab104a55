"""An exported SPADE network, fed the image alone or with statistics besides."""

from __future__ import annotations

import numpy as np
import onnx
import onnxruntime
import pytest
import torch

from lienet.deployment import onnx_statistics as statistics
from lienet.deployment.onnx import export_onnx, measure_parity
from lienet.deployment.onnx_statistics import list_uses, make_signature
from lienet.networks.enhancement import LienetEnhancement
from lienet.networks.registry import build_model
from lienet.networks.spade import count_spade_layers
from lienet.params import load_params

pytestmark = pytest.mark.xdist_group("onnx")
GIVEN = ["spade_0_mean", "spade_0_variance", "spade_1_mean", "spade_1_variance"]
OUTPUTS = ["enhanced", "spade_0_features", "spade_1_features"]


@pytest.fixture
def model(spade_network: LienetEnhancement) -> LienetEnhancement:
    return spade_network


@pytest.fixture
def content(spade_content: bytes) -> bytes:
    return spade_content


@pytest.fixture
def session(content: bytes) -> onnxruntime.InferenceSession:
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    return onnxruntime.InferenceSession(content, options, providers=["CPUExecutionProvider"])


def test_the_image_is_all_that_a_file_requires(session: onnxruntime.InferenceSession):
    assert [each.name for each in session.get_inputs()] == ["degraded"]
    optional = session.get_overridable_initializers()
    assert [each.name for each in optional] == GIVEN
    assert all(each.shape == [1, 4, 1, 1] and "float" in each.type for each in optional)
    assert [each.name for each in session.get_outputs()] == OUTPUTS
    assert session.get_outputs()[1].shape == ["n", 4, "ceil(h/4)", "ceil(w/4)"]
    assert session.get_modelmeta().custom_metadata_map == {"scale": "1", "fold": "4"}


def test_the_hooks_of_the_export_are_gone(model: LienetEnhancement):
    signature = make_signature(model)
    image = torch.rand(1, 3, 12, 12)
    with torch.no_grad():
        enhanced, *seen = signature.module(image, *signature.given)
        torch.testing.assert_close(enhanced, model(image))
    assert len(seen) == count_spade_layers(model) == 2
    assert not any(layer._forward_pre_hooks for layer in model.guides)


def test_both_uses_agree_with_torch_at_every_remainder_of_the_fold(
    model: LienetEnhancement, content: bytes
):
    sizes_px = [(16 + high, 12 + wide) for high in range(4) for wide in range(4)]
    assert 0.0 < measure_parity(model, content, [*sizes_px, (8, 8), (63, 129)]) < 1e-5


def test_statistics_that_are_not_heeded_break_parity(
    model: LienetEnhancement, content: bytes, monkeypatch: pytest.MonkeyPatch
):
    """The test above can fail: torch is given statistics, and the file the image alone."""

    def forget(*given: object) -> list[statistics.Use]:
        *_, use = list_uses(*given)
        return [statistics.Use({"degraded": use.feed["degraded"]}, use.expected)]

    monkeypatch.setattr("lienet.deployment.onnx.list_uses", forget)
    assert measure_parity(model, content, [(16, 16)]) > 0.01


def test_a_network_without_spade_has_the_image_and_nothing_else(repository):
    spec = load_params(repository / "profiles" / "sample.yaml").models["face-lienet"]
    update = {"num_blocks": 1, "channels": 4, "spade": False}
    model = build_model(spec.model_copy(update=update)).eval()
    proto = onnx.load_from_string(export_onnx(model, opset=18, metadata={"scale": "1"}))
    assert [each.name for each in proto.graph.input] == ["degraded"]
    assert [each.name for each in proto.graph.output] == ["enhanced"]
    assert [prop.key for prop in proto.metadata_props] == ["scale"]
    assert len(list(list_uses(model, np.zeros((1, 3, 8, 8), np.float32)))) == 1


def test_the_layers_before_are_given_and_those_after_measure(
    model: LienetEnhancement, session: onnxruntime.InferenceSession
):
    """As whoever gathers statistics needs it: the second layer's features under the first's."""
    image = np.random.default_rng(2).random((1, 3, 21, 30), dtype=np.float32)
    *_, use = list_uses(model, image)
    feed = {name: use.feed[name] for name in ("degraded", *GIVEN[:2])}
    (features,) = session.run(["spade_1_features"], feed)
    (alone,) = session.run(["spade_1_features"], {"degraded": image})
    np.testing.assert_allclose(features, use.expected["spade_1_features"], atol=1e-4)
    assert np.abs(features - alone).max() > 0.01
