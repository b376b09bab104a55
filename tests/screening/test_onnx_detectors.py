from __future__ import annotations

import numpy as np
import pytest
from onnx import TensorProto, helper

from lienet.screening.onnx_detectors import keep_outputs, open_session, write_planes


@pytest.fixture
def doubler() -> bytes:
    """A network that doubles an image of 4 × 4 pixels and no other."""
    sized = [helper.make_tensor_value_info(name, TensorProto.FLOAT, [1, 3, 4, 4]) for name in "xy"]
    node = helper.make_node("Add", ["x", "x"], ["y"])
    graph = helper.make_graph([node], "doubler", sized[:1], sized[1:])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=8)
    return model.SerializeToString()


def test_a_network_of_one_size_is_freed(doubler: bytes):
    wide = np.ones((1, 3, 8, 6), np.float32)
    with pytest.raises(Exception, match="invalid dimensions"):
        open_session(doubler).run(None, {"x": wide})
    (doubled,) = open_session(keep_outputs(doubler, ["y"])).run(None, {"x": wide})
    assert np.array_equal(doubled, 2 * wide)


def test_what_only_other_outputs_need_is_left_out():
    shapes = [
        helper.make_tensor_value_info(name, TensorProto.FLOAT, [1, 3, 4, 4]) for name in "xyz"
    ]
    nodes = [helper.make_node("Add", ["x", "x"], [name]) for name in "yz"]
    graph = helper.make_graph(nodes, "two", shapes[:1], shapes[1:])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=8)
    session = open_session(keep_outputs(model.SerializeToString(), ["z"]))
    assert [output.name for output in session.get_outputs()] == ["z"]


def test_planes_are_blue_first_and_by_the_table():
    pixels = np.array([[[1, 2, 3], [4, 5, 6]]], np.uint8)
    table = np.stack([np.arange(256), 10 * np.arange(256), 100 * np.arange(256)])
    planes = write_planes(pixels, table.astype(np.float32))
    assert planes.tolist() == [[[[3, 6]], [[20, 50]], [[100, 400]]]]
    assert planes.dtype == np.float32
