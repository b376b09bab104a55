from __future__ import annotations

from pathlib import Path

import onnx
import pytest
import torch
from onnx import TensorProto, helper, numpy_helper
from torch import nn

from lienet.errors import ModelError
from lienet.inference.networks import OnnxNetwork, TorchNetwork


def write_doubling(
    path: Path,
    *,
    shape: tuple[int | None, ...] = (None, 3, None, None),
    kind: int = TensorProto.FLOAT,
    num_inputs: int = 1,
) -> Path:
    """Write a network that repeats every pixel twice per side."""
    import numpy as np

    nodes = [
        helper.make_node(
            "Resize",
            ["image", "", "scales"],
            ["larger"],
            mode="nearest",
            coordinate_transformation_mode="asymmetric",
            nearest_mode="floor",
        )
    ]
    inputs = [
        helper.make_tensor_value_info(name, kind, shape) for name in ("image", "other")[:num_inputs]
    ]
    output = helper.make_tensor_value_info("larger", kind, [None] * len(shape))
    scales = numpy_helper.from_array(np.array([1, 1, 2, 2][: len(shape)], np.float32), "scales")
    graph = helper.make_graph(nodes, "g", inputs, [output], [scales])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=9)
    onnx.save(model, path)
    return path


@pytest.fixture
def degraded() -> torch.Tensor:
    return torch.rand(1, 3, 9, 11, generator=torch.Generator().manual_seed(0))


@pytest.mark.parametrize("kind", [TensorProto.FLOAT, TensorProto.FLOAT16])
def test_an_onnx_file_of_any_names_and_of_half_precision_runs(
    tmp_path: Path, degraded: torch.Tensor, kind: int
):
    network = OnnxNetwork(write_doubling(tmp_path / "a b.onnx", kind=kind), num_threads=1)
    expected = degraded.repeat_interleave(2, dim=2).repeat_interleave(2, dim=3)
    enhanced = network(degraded)
    assert network.input_size_px is None
    assert enhanced.dtype == torch.float32
    torch.testing.assert_close(enhanced, expected, atol=1e-3, rtol=0)


def test_a_fixed_size_is_told(tmp_path: Path):
    path = write_doubling(tmp_path / "fixed.onnx", shape=(1, 3, 24, 32))
    assert OnnxNetwork(path, num_threads=1).input_size_px == (24, 32)


@pytest.mark.parametrize(
    "shape_and_inputs", [((None, 1, None, None), 1), ((3, None, None), 1), ((None, 3, 8, 8), 2)]
)
def test_files_that_do_not_take_one_rgb_image_are_refused(tmp_path: Path, shape_and_inputs):
    shape, num_inputs = shape_and_inputs
    path = write_doubling(tmp_path / "odd.onnx", shape=shape, num_inputs=num_inputs)
    with pytest.raises(ModelError, match="must take one float image n 3 h w, got image"):
        OnnxNetwork(path, num_threads=1)


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
        network(torch.zeros(1, 3, 9, 8))


def test_a_module_runs_in_eval_mode_without_gradients(degraded: torch.Tensor):
    module = nn.Sequential(nn.Conv2d(3, 3, 3, padding=1), nn.BatchNorm2d(3), nn.Dropout(0.9))
    network = TorchNetwork(module.train())
    assert not module.training
    first = network(degraded)
    assert not first.requires_grad
    assert torch.equal(first, network(degraded))
    assert network.input_size_px is None
