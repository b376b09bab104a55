from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from onnx import TensorProto

from lienet.deployment.onnx_network import OnnxNetwork
from lienet.deployment.runtimes import Planes
from lienet.deployment.torch_network import TorchNetwork
from lienet.errors import ModelError
from lienet.networks.enhancement import LienetEnhancement
from tests.deployment.repeating import write_repeating

pytestmark = pytest.mark.xdist_group("onnx")


def write_doubling(path: Path, *, num_inputs: int = 1, **changes: Any) -> Path:
    """Write a network whose names are its own, that repeats every pixel twice per side."""
    names = ("image", "other")[:num_inputs]
    return write_repeating(path, 2, inputs=names, output="larger", **changes)


@pytest.fixture
def degraded() -> Planes:
    return np.random.default_rng(0).random((1, 3, 9, 11), dtype=np.float32)


@pytest.mark.parametrize("kind", [TensorProto.FLOAT, TensorProto.FLOAT16])
def test_an_onnx_file_of_any_names_and_of_half_precision_runs(
    tmp_path: Path, degraded: Planes, kind: int
):
    network = OnnxNetwork(write_doubling(tmp_path / "a b.onnx", kind=kind), num_threads=1)
    expected = degraded.repeat(2, axis=2).repeat(2, axis=3)
    enhanced = network(degraded)
    assert network.input_size_px is None
    assert enhanced.dtype == np.float32
    np.testing.assert_allclose(enhanced, expected, atol=1e-3, rtol=0)


def test_a_fixed_size_is_told(tmp_path: Path):
    path = write_doubling(tmp_path / "fixed.onnx", shape=(1, 3, 24, 32))
    network = OnnxNetwork(path, num_threads=1)
    assert network.input_size_px == network.fit_size(9, 99) == (24, 32)
    assert network.scale == 2


@pytest.mark.parametrize(("multiple", "fitting"), [(1, (9, 17)), (2, (10, 18)), (16, (16, 32))])
def test_the_multiple_that_sides_must_be_of_is_found(
    tmp_path: Path, multiple: int, fitting: tuple[int, int]
):
    network = OnnxNetwork(write_doubling(tmp_path / "windows.onnx", multiple=multiple))
    assert network.fit_size(9, 17) == fitting
    assert network.fit_size(*fitting) == fitting
    assert network.scale == 2


def test_a_network_that_takes_no_size_tried_tells_its_first_failure(tmp_path: Path):
    network = OnnxNetwork(write_doubling(tmp_path / "windows.onnx", multiple=72))
    with pytest.raises(ModelError, match=r"windows.onnx fails on an input of \(1, 3, 9, 11\)"):
        network.fit_size(9, 11)


def test_what_a_session_is_fed_has_the_file_s_type(tmp_path: Path, degraded: Planes):
    path = write_doubling(tmp_path / "half.onnx", kind=TensorProto.FLOAT16)
    network = OnnxNetwork(path, num_threads=1)
    (fed,) = network.make_input(degraded).values()
    assert fed.dtype == np.float16
    assert network.session.run(None, network.make_input(degraded))[0].shape == (1, 3, 18, 22)


@pytest.mark.parametrize(
    "shape_and_inputs", [((None, 1, None, None), 1), ((3, None, None), 1), ((None, 3, 8, 8), 2)]
)
def test_files_that_do_not_take_one_rgb_image_are_refused(tmp_path: Path, shape_and_inputs):
    shape, num_inputs = shape_and_inputs
    path = write_doubling(tmp_path / "odd.onnx", shape=shape, num_inputs=num_inputs)
    with pytest.raises(ModelError, match="must take one float image n 3 h w, got image"):
        OnnxNetwork(path, num_threads=1)


def test_a_broken_file_is_one_error_and_prints_nothing(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
):
    path = write_doubling(tmp_path / "broken.onnx")
    path.write_bytes(path.read_bytes().replace(b"larger", b"larg\xfd\xfe"))
    with pytest.raises(ModelError, match=r"broken.onnx is not a usable ONNX file"):
        OnnxNetwork(path, num_threads=1)
    assert capfd.readouterr().out == ""


def test_integer_inputs_are_refused(tmp_path: Path):
    path = write_doubling(tmp_path / "bytes.onnx", kind=TensorProto.UINT8)
    with pytest.raises(ModelError, match="must take one float image"):
        OnnxNetwork(path, num_threads=1)


@pytest.mark.parametrize("content", [b"", b"not a model"])
def test_a_broken_file_is_one_line(tmp_path: Path, content: bytes):
    path = tmp_path / "broken.onnx"
    path.write_bytes(content)
    with pytest.raises(ModelError, match=r"broken\.onnx is not a usable ONNX file") as caught:
        OnnxNetwork(path)
    assert "\n" not in str(caught.value)


def test_an_input_that_the_file_cannot_take_is_a_model_error(tmp_path: Path):
    network = OnnxNetwork(write_doubling(tmp_path / "f.onnx", shape=(1, 3, 8, 8)), num_threads=1)
    with pytest.raises(ModelError, match=r"fails on an input of \(1, 3, 9, 8\)"):
        network(np.zeros((1, 3, 9, 8), np.float32))


@pytest.fixture
def spade_networks(
    spade_network: LienetEnhancement, spade_content: bytes, tmp_path: Path
) -> tuple[TorchNetwork, Path]:
    path = tmp_path / "model.onnx"
    path.write_bytes(spade_content)
    return TorchNetwork(spade_network), path


def test_a_file_tells_what_it_normalises_as_its_module_does(
    spade_networks: tuple[TorchNetwork, Path], degraded: Planes
):
    module, path = spade_networks
    network = OnnxNetwork(path, num_threads=1)
    assert (network.num_statistics, network.fold) == (module.num_statistics, module.fold) == (2, 4)
    given = [tuple(np.full((1, 4, 1, 1), value, np.float32) for value in (0.2, 0.5))] * 2
    for known in ([], given[:1]):
        expected = module.features_to_normalise(degraded, known)
        found = network.features_to_normalise(degraded, known)
        np.testing.assert_allclose(found, expected, atol=1e-5, rtol=1e-5)
    np.testing.assert_allclose(
        network(degraded, given), module(degraded, given), atol=1e-5, rtol=1e-5
    )
    assert np.abs(network(degraded, given) - network(degraded)).max() > 1e-3


def test_what_is_normalised_is_found_without_the_rest_of_the_network(
    spade_networks: tuple[TorchNetwork, Path], degraded: Planes
):
    network = OnnxNetwork(spade_networks[1], num_threads=1)
    network.features_to_normalise(degraded, [])
    assert network._statistics_session is not None
    assert [each.name for each in network._statistics_session.get_outputs()] == [
        "spade_0_features",
        "spade_1_features",
    ]


def test_without_the_package_onnx_the_whole_network_gives_the_same_values(
    spade_networks: tuple[TorchNetwork, Path], degraded: Planes, monkeypatch: pytest.MonkeyPatch
):
    expected = OnnxNetwork(spade_networks[1], num_threads=1).features_to_normalise(degraded, [])
    monkeypatch.setattr("lienet.deployment.onnx_network.find_spec", lambda name: None)
    network = OnnxNetwork(spade_networks[1], num_threads=1)
    np.testing.assert_allclose(network.features_to_normalise(degraded, []), expected, atol=1e-6)


def test_a_file_that_lost_its_fold_says_so(
    spade_networks: tuple[TorchNetwork, Path], tmp_path: Path, degraded: Planes
):
    proto, path = onnx.load(spade_networks[1]), tmp_path / "bare.onnx"
    proto.ClearField("metadata_props")
    onnx.save(proto, path)
    network = OnnxNetwork(path, num_threads=1)
    assert network(degraded).shape == degraded.shape
    with pytest.raises(ModelError, match=r"bare\.onnx must say .* as 'fold', got nothing"):
        _ = network.fold


def test_other_files_have_nothing_to_be_given(tmp_path: Path):
    network = OnnxNetwork(write_doubling(tmp_path / "plain.onnx"), num_threads=1)
    assert (network.num_statistics, network.fold) == (0, 1)


def test_what_a_file_says_of_itself_is_told(tmp_path: Path):
    path = write_repeating(tmp_path / "twice.onnx", 2)
    assert OnnxNetwork(path).metadata == {}
    proto = onnx.load(path)
    onnx.helper.set_model_props(proto, {"task": "sr", "model": "twice"})
    onnx.save(proto, path)
    assert OnnxNetwork(path).metadata == {"task": "sr", "model": "twice"}
