from __future__ import annotations

import numpy as np
import onnx
import onnxruntime
import pytest
from onnx import TensorProto, helper, numpy_helper

from lienet.deployment.formats.base import Source
from lienet.deployment.formats.depth_to_space import order_depth_to_space

pytestmark = pytest.mark.xdist_group("onnx")


def run(proto: onnx.ModelProto, image: np.ndarray) -> np.ndarray:
    session = onnxruntime.InferenceSession(
        proto.SerializeToString(), providers=["CPUExecutionProvider"]
    )
    (found,) = session.run(None, {session.get_inputs()[0].name: image})
    return np.asarray(found)


def list_modes(proto: onnx.ModelProto) -> list[bytes]:
    return [
        attribute.s
        for node in proto.graph.node
        for attribute in node.attribute
        if attribute.name == "mode" and node.op_type == "DepthToSpace"
    ]


def test_the_order_changes_and_the_image_does_not(source: Source):
    before = onnx.load_from_string(source.onnx)
    after = order_depth_to_space(before)
    assert (list_modes(before), list_modes(after)) == ([b"CRD"], [b"DCR"])
    image = np.random.default_rng(1).random((1, 3, 17, 22), dtype=np.float32)
    np.testing.assert_allclose(run(after, image), run(before, image), atol=1e-6)
    assert before.SerializeToString() == onnx.load_from_string(source.onnx).SerializeToString()


def test_shapes_that_are_told_remain_true(source: Source):
    onnx.checker.check_model(
        order_depth_to_space(onnx.load_from_string(source.onnx)), full_check=True
    )


def test_a_shuffle_of_what_is_used_elsewhere_as_well_is_left(source: Source):
    kernel = np.random.default_rng(0).random((4, 1, 1, 1), dtype=np.float32)
    nodes = [
        helper.make_node("Conv", ["image", "kernel"], ["features"]),
        helper.make_node("DepthToSpace", ["features"], ["large"], blocksize=2, mode="CRD"),
    ]
    shapes = {"image": ("n", 1, "h", "w"), "features": None, "large": None}
    given, features, large = (
        helper.make_tensor_value_info(name, TensorProto.FLOAT, shape)
        for name, shape in shapes.items()
    )
    weights = [numpy_helper.from_array(kernel, "kernel")]
    graph = helper.make_graph(nodes, "g", [given], [large, features], weights)
    proto = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=9)
    assert list_modes(order_depth_to_space(proto)) == [b"CRD"]
