from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto
from onnx.numpy_helper import to_array

from lienet.deployment.formats.base import Source
from lienet.deployment.formats.onnx_int8 import (
    OnnxInt8,
    choose_operators,
    list_float_nodes,
    name_nodes,
    quantise,
)
from lienet.deployment.runtimes import open_network
from lienet.deployment.tensor_names import INPUT_NAME
from lienet.networks.registry import build_model
from tests.networks.specs import hifacegan_spec, lienet_spec

pytestmark = pytest.mark.xdist_group("onnx")


@pytest.fixture(scope="module")
def path(source: Source, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("int8") / "int8.onnx"
    OnnxInt8().convert(source, path)
    return path


def test_the_output_stays_near_float32_on_sizes_that_were_not_calibrated(
    source: Source, path: Path
):
    image = np.random.default_rng(2).random((1, 3, 13, 18), dtype=np.float32)
    difference = np.abs(open_network(path)(image) - open_network(source.model)(image))
    assert 1e-5 < difference.max() < 0.1


def test_trained_convolutions_are_quantised_channel_by_channel_and_the_skip_is_not(path: Path):
    proto = onnx.load(path)
    weights = {each.name: each for each in proto.graph.initializer}
    quantised = [each for each in weights.values() if each.data_type == TensorProto.INT8]
    kernels = [each for each in quantised if len(each.dims) == 4]
    assert len(kernels) > 10
    for each in kernels:
        scale = weights[each.name.removesuffix("_quantized") + "_scale"]
        assert list(scale.dims) == [each.dims[0]]
    whole = [each for each in weights.values() if len(each.dims) == 4 and each.data_type == 1]
    assert [list(each.dims) for each in whole] == [[12, 3, 5, 5]]


def test_the_output_s_sums_and_the_skip_are_found(source: Source):
    graph = name_nodes(onnx.load_from_string(source.onnx)).graph
    kept = set(list_float_nodes(graph))
    ops = {node.op_type for node in graph.node if node.name in kept}
    assert {"DepthToSpace", "Add", "Conv", "Slice", "Concat"} == ops
    assert sum(node.op_type == "Conv" and node.name in kept for node in graph.node) == 1


def test_equal_weights_give_equal_bytes(source: Source, path: Path, tmp_path: Path):
    OnnxInt8().convert(source, tmp_path / "again.onnx")
    assert (tmp_path / "again.onnx").read_bytes() == path.read_bytes()


def test_an_outlier_does_not_widen_the_steps_of_all_others(source: Source, tmp_path: Path):
    tiles = np.random.default_rng(5).random((4, 1, 3, 64, 64), dtype=np.float32)
    tiles[0, 0, 0, 0, 0] = 50.0
    OnnxInt8().convert(replace(source, calibration=list(tiles)), tmp_path / "a.onnx")
    steps = {
        each.name: to_array(each).item()
        for each in onnx.load(tmp_path / "a.onnx").graph.initializer
        if each.name == f"{INPUT_NAME}_scale"
    }
    assert steps[f"{INPUT_NAME}_scale"] == pytest.approx(1 / 255, rel=0.05)


def test_what_the_file_says_of_itself_is_kept(source: Source, path: Path):
    said = {each.key: each.value for each in onnx.load(path).metadata_props}
    assert said == dict(source.metadata)


def test_a_network_that_normalises_by_statistics_is_converted(
    spade_network, spade_content: bytes, tmp_path: Path
):
    tiles = [np.random.default_rng(1).random((1, 3, 32, 32), dtype=np.float32)]
    OnnxInt8().convert(Source(spade_network, spade_content, tiles, 18, {}), tmp_path / "a.onnx")
    image = np.random.default_rng(2).random((1, 3, 32, 24), dtype=np.float32)
    found = open_network(tmp_path / "a.onnx")(image)
    assert np.abs(found - open_network(spade_network)(image)).mean() < 0.05


def test_with_statistics_convolutions_alone_are_quantised_which_is_nearer_to_float32(
    spade_network, spade_content: bytes, tmp_path: Path
):
    tiles = [np.random.default_rng(n).random((1, 3, 64, 64), np.float32) for n in range(2)]
    OnnxInt8().convert(Source(spade_network, spade_content, tiles, 18, {}), tmp_path / "a.onnx")
    proto = name_nodes(onnx.load_from_string(spade_content))
    assert choose_operators(spade_network) == ("Conv",)
    assert choose_operators(build_model(hifacegan_spec())) == ("Conv",)
    assert "Add" in choose_operators(build_model(lienet_spec()))
    every = quantise(proto, tiles, kept=list_float_nodes(proto.graph))
    (tmp_path / "all.onnx").write_bytes(every)
    expected = open_network(spade_network)(tiles[0])
    chosen, all_of_them = (
        np.square(open_network(tmp_path / f"{name}.onnx")(tiles[0]) - expected).mean()
        for name in ("a", "all")
    )
    assert chosen < all_of_them
