from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto

from lienet.deployment.formats.base import Source
from lienet.deployment.formats.onnx_fp16 import OnnxFloat16
from lienet.deployment.runtimes import open_network

pytestmark = pytest.mark.xdist_group("onnx")


def test_weights_are_halved_and_outputs_stay_float32(source: Source, tmp_path: Path):
    path = tmp_path / "half.onnx"
    OnnxFloat16().convert(source, path)
    proto = onnx.load(path)
    kernels = [each for each in proto.graph.initializer if len(each.dims) == 4]
    assert {each.data_type for each in kernels} == {TensorProto.FLOAT16}
    assert proto.graph.output[0].type.tensor_type.elem_type == TensorProto.FLOAT
    image = np.random.default_rng(2).random((1, 3, 13, 18), dtype=np.float32)
    expected = open_network(source.model)(image)
    found = open_network(path)(image)
    assert found.dtype == np.float32
    assert 1e-6 < np.abs(found - expected).max() < 5e-3


def test_equal_weights_give_equal_bytes(source: Source, tmp_path: Path):
    for name in ("a.onnx", "b.onnx"):
        OnnxFloat16().convert(source, tmp_path / name)
    assert (tmp_path / "a.onnx").read_bytes() == (tmp_path / "b.onnx").read_bytes()


def test_a_network_that_normalises_by_statistics_is_converted(
    spade_network, spade_content: bytes, tmp_path: Path
):
    path = tmp_path / "half.onnx"
    OnnxFloat16().convert(Source(spade_network, spade_content, [], 18, {}), path)
    image = np.random.default_rng(2).random((1, 3, 32, 24), dtype=np.float32)
    assert np.abs(open_network(path)(image) - open_network(spade_network)(image)).max() < 2e-2


def test_what_the_file_says_of_itself_is_kept(source: Source, tmp_path: Path):
    OnnxFloat16().convert(source, tmp_path / "half.onnx")
    said = {each.key: each.value for each in onnx.load(tmp_path / "half.onnx").metadata_props}
    assert said == dict(source.metadata)
