"""Depth-to-space in the order that phones' accelerators take: depth first, then columns and rows.

torch's pixel-shuffle is ONNX's ``CRD``; NNAPI and Core ML take ``DCR`` alone. The two differ by a
permutation of channels, which the weights of the convolutions before it can take over: exact, and
the same number of nodes.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import numpy_helper

Array = NDArray[np.float32]


def order_depth_to_space(proto: onnx.ModelProto) -> onnx.ModelProto:
    """Return a network whose depth-to-space is in DCR order, wherever convolutions lead to it.

    A convolution in groups before it, as the bicubic skip is, becomes a whole one, since its
    groups would be torn apart.
    """
    changed = onnx.ModelProto()
    changed.CopyFrom(proto)
    graph = changed.graph
    makers = {name: node for node in graph.node for name in node.output}
    weights = {each.name: each for each in graph.initializer}
    for node in graph.node:
        if node.op_type != "DepthToSpace" or _attribute(node, "mode", b"DCR") != b"CRD":
            continue
        convolutions = _find_convolutions(graph, node, makers, weights)
        if convolutions:
            block = int(_attribute(node, "blocksize", 1))
            for each in convolutions:
                _permute(each, weights, block)
            mode = next(one for one in node.attribute if one.name == "mode")
            mode.s = b"DCR"
    told = [each for each in graph.value_info if each.name not in weights]
    del graph.value_info[:]
    graph.value_info.extend(told)  # some repeat the shapes of weights, which are new
    return changed


def _find_convolutions(
    graph: onnx.GraphProto,
    shuffle: onnx.NodeProto,
    makers: Mapping[str, onnx.NodeProto],
    weights: Mapping[str, onnx.TensorProto],
) -> list[onnx.NodeProto]:
    """Return the convolutions whose sum is shuffled; none if anything else is in it, or uses it."""
    readers = [name for node in graph.node for name in node.input]
    told = {output.name for output in graph.output}
    found, waiting = [], [shuffle.input[0]]
    while waiting:
        name = waiting.pop()
        node = makers.get(name)
        if node is None or readers.count(name) != 1 or name in told:
            return []
        if node.op_type == "Add":
            waiting += node.input
        elif node.op_type == "Conv" and all(
            each in weights and readers.count(each) == 1 for each in node.input[1:]
        ):
            found.append(node)
        else:
            return []
    return found


def _permute(node: onnx.NodeProto, weights: Mapping[str, onnx.TensorProto], block: int) -> None:
    kernel = numpy_helper.to_array(weights[node.input[1]])
    num_groups = int(_attribute(node, "group", 1))
    if num_groups > 1:
        kernel = _spread_groups(kernel, num_groups)
        next(one for one in node.attribute if one.name == "group").i = 1
    order = np.arange(kernel.shape[0]).reshape(-1, block * block).T.ravel()
    values = [kernel, *(numpy_helper.to_array(weights[name]) for name in node.input[2:])]
    for name, value in zip(node.input[1:], values, strict=True):
        permuted = np.ascontiguousarray(value[order])
        weights[name].CopyFrom(numpy_helper.from_array(permuted, name))


def _spread_groups(kernel: Array, num_groups: int) -> Array:
    """Return the weights of a convolution in groups as those of a whole one, zero elsewhere."""
    outputs, inputs = kernel.shape[0] // num_groups, kernel.shape[1]
    whole = np.zeros((kernel.shape[0], inputs * num_groups, *kernel.shape[2:]), kernel.dtype)
    for group in range(num_groups):
        rows = slice(group * outputs, (group + 1) * outputs)
        whole[rows, group * inputs : (group + 1) * inputs] = kernel[rows]
    return whole


def _attribute(node: onnx.NodeProto, name: str, default: Any) -> Any:
    for each in node.attribute:
        if each.name == name:
            return onnx.helper.get_attribute_value(each)
    return default
