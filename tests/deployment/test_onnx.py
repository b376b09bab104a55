from __future__ import annotations

import hashlib
import subprocess
import sys

import numpy as np
import onnx
import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

from lienet.deployment.onnx import check_parity, export_onnx, measure_parity
from lienet.errors import ModelError
from lienet.networks.registry import build_model
from lienet.params import Model
from tests.networks.specs import (
    bopbl_spec,
    ecbsr_spec,
    enhancement_spec,
    espcn_spec,
    esrgan_spec,
    fsrnet_spec,
    hifacegan_spec,
    lienet_spec,
    plain_spec,
    rlfn_spec,
    sftgan_spec,
    span_spec,
    srgan_spec,
    vdsr_spec,
)

pytestmark = pytest.mark.xdist_group("onnx")
SIZES_PX = [(16, 16), (9, 31), (24, 17)]
METADATA = {"task": "sr", "model": "small", "scale": "2"}


class Small(nn.Module):
    """Everything that the real networks are made of, in one convolution and a norm."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, 12, 3, padding=1)
        self.norm = nn.BatchNorm2d(12)

    def forward(self, degraded: Tensor) -> Tensor:
        features = functional.leaky_relu(self.norm(self.conv(degraded)), 0.1, inplace=True)
        mirrored = torch.cat((degraded[..., :2].flip(-1), degraded[..., 2:]), dim=-1)
        large = functional.interpolate(mirrored, scale_factor=2.0, mode="nearest")
        enhanced: Tensor = functional.pixel_shuffle(features, 2) + large
        return 0.25 * enhanced


def _make_small() -> Small:
    torch.manual_seed(7)
    return Small().eval()


@pytest.fixture(scope="module")
def small() -> Small:
    return _make_small()


@pytest.fixture(scope="module")
def content() -> bytes:
    module = _make_small().train()
    made = export_onnx(module, opset=18, metadata=METADATA)
    assert module.training
    assert all(parameter.requires_grad for parameter in module.parameters())
    return made


def _add_to_output(content: bytes, value: float) -> bytes:
    """Return the file with a constant added to what it gives."""
    proto = onnx.load_from_string(content)
    proto.graph.initializer.append(onnx.numpy_helper.from_array(np.float32(value), "offset"))
    for node in proto.graph.node:
        node.output[:] = ["inner" if name == "enhanced" else name for name in node.output]
    proto.graph.node.append(onnx.helper.make_node("Add", ["inner", "offset"], ["enhanced"]))
    return bytes(proto.SerializeToString())


def test_the_file_has_the_stated_names_free_sizes_and_metadata(content: bytes):
    proto = onnx.load_from_string(content)
    (given,), (made,) = proto.graph.input, proto.graph.output
    sizes = [
        [
            dim.dim_param.replace(" ", "") or dim.dim_value
            for dim in value.type.tensor_type.shape.dim
        ]
        for value in (given, made)
    ]
    assert (given.name, made.name) == ("degraded", "enhanced")
    assert sizes == [["n", 3, "h", "w"], ["n", 3, "2*h", "2*w"]]
    assert {prop.key: prop.value for prop in proto.metadata_props} == METADATA
    assert [(one.domain, one.version) for one in proto.opset_import] == [("", 18)]
    assert all(not tensor.external_data for tensor in proto.graph.initializer)


def test_odd_sizes_and_batches_agree_with_torch(small: Small, content: bytes):
    assert 0.0 < measure_parity(small, content, SIZES_PX) < 1e-5


def test_equal_weights_give_equal_bytes_in_another_process(content: bytes):
    code = (
        "import hashlib, importlib.util, sys\n"
        "spec = importlib.util.spec_from_file_location('elsewhere', sys.argv[1])\n"
        "module = importlib.util.module_from_spec(spec)\nspec.loader.exec_module(module)\n"
        "made = module.export_onnx(module._make_small(), opset=18, metadata=module.METADATA)\n"
        "sys.stdout.write(hashlib.sha256(made).hexdigest())\n"
    )
    ran = subprocess.run(
        [sys.executable, "-c", code, __file__], capture_output=True, text=True, check=True
    )
    assert ran.stdout.split()[-1] == hashlib.sha256(content).hexdigest()


def test_no_path_trace_or_generated_note_remains(content: bytes):
    for word in (b"stack_trace", b".py", b"pkg.torch", b"Small"):
        assert word not in content


@pytest.mark.parametrize(("offset", "passes"), [(0.9e-4, True), (1.2e-4, False), (np.nan, False)])
def test_parity_is_held_to_its_tolerance(small: Small, content: bytes, offset: float, passes: bool):
    shifted = _add_to_output(content, offset)
    if passes:
        assert check_parity(small, shifted, SIZES_PX, tolerance=1e-4) == pytest.approx(
            offset, abs=2e-6
        )
    else:
        with pytest.raises(ModelError, match=r"parity_tolerance 0\.0001, got"):
            check_parity(small, shifted, SIZES_PX, tolerance=1e-4)


def test_large_outputs_are_held_to_a_relative_difference(small: Small, content: bytes):
    class Louder(nn.Module):
        def forward(self, degraded: Tensor) -> Tensor:
            enhanced: Tensor = small(degraded) + 300.0
            return enhanced

    shifted = _add_to_output(content, 300.5)
    found = measure_parity(Louder(), shifted, SIZES_PX)
    assert 0.5 / 310 < found < 0.5 / 300


def test_a_file_of_another_scale_is_refused(content: bytes):
    class Larger(nn.Module):
        def forward(self, degraded: Tensor) -> Tensor:
            return functional.interpolate(degraded, scale_factor=4.0)

    with pytest.raises(ModelError, match=r"shape \(1, 3, 64, 64\), got \(1, 3, 32, 32\)"):
        measure_parity(Larger(), content, SIZES_PX)


def test_bytes_that_are_not_onnx_are_refused(small: Small):
    with pytest.raises(ModelError, match="ONNX Runtime cannot run"):
        measure_parity(small, b"not a network", SIZES_PX)


def test_a_network_that_depends_on_its_values_is_refused():
    class Fickle(nn.Module):
        def forward(self, degraded: Tensor) -> Tensor:
            return degraded if degraded.sum().item() > 0 else degraded * 2

    with pytest.raises(ModelError, match="Fickle cannot be exported"):
        export_onnx(Fickle(), opset=18, metadata={})


def test_a_network_of_one_size_only_is_refused():
    class Fixed(nn.Module):
        def forward(self, degraded: Tensor) -> Tensor:
            return degraded + torch.zeros(1, 3, 36, 52)

    with pytest.raises(ModelError, match=r"Fixed cannot be exported|is fixed"):
        export_onnx(Fixed(), opset=18, metadata={})


TINY = {"channels": 4, "num_blocks": 1}
ENHANCEMENT = enhancement_spec(**TINY, convs_per_block=2, global_skip="colour")
SPECS: list[Model] = [
    lienet_spec(**TINY, fusion_kernel=1),
    plain_spec(**TINY),
    plain_spec(**TINY, scale=1, fold=4),
    srgan_spec(**TINY, scale=2),
    esrgan_spec(**TINY, growth=2),
    sftgan_spec(**TINY, scale=2),
    vdsr_spec(scale=2),
    espcn_spec(scale=2),
    ecbsr_spec(scale=2, global_skip="bicubic"),
    span_spec(scale=2),
    rlfn_spec(scale=2),
    hifacegan_spec(global_skip="bicubic"),
    bopbl_spec(),
    fsrnet_spec(),
]


@pytest.mark.parametrize("spec", SPECS, ids=lambda spec: spec.architecture)
def test_registered_networks_agree_with_torch(spec: Model):
    torch.manual_seed(3)
    model = build_model(spec).eval()
    made = export_onnx(model, opset=18, metadata={})
    assert measure_parity(model, made, SIZES_PX) < 1e-5


def test_the_enhancement_network_agrees_with_torch_at_every_remainder_of_its_fold():
    torch.manual_seed(3)
    model = build_model(ENHANCEMENT).eval()
    made = export_onnx(model, opset=18, metadata={})
    sizes = [*SIZES_PX, *((16 + high, 12 + wide) for high in range(4) for wide in range(4))]
    assert 0.0 < measure_parity(model, made, [*sizes, (8, 8), (63, 129)]) < 1e-5
    shape = onnx.load_from_string(made).graph.output[0].type.tensor_type.shape.dim
    assert [dim.dim_param or dim.dim_value for dim in shape] == ["n", 3, "h", "w"]


def test_sizes_between_input_and_output_are_told_in_the_input_s_names():
    torch.manual_seed(0)
    content = export_onnx(build_model(lienet_spec(num_blocks=1)), opset=18, metadata={})
    graph = onnx.load_from_string(content).graph
    told = {value.name: value.type.tensor_type.shape.dim for value in graph.value_info}
    features = [told[node.output[0]] for node in graph.node if node.op_type == "LeakyRelu"]
    assert features
    for _, _, height, width in features:
        assert (height.dim_param, width.dim_param) == ("h", "w")
