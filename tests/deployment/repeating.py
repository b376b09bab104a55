"""A network of one node that repeats every pixel, as an ONNX file: quick, exact, untrained."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper


def write_repeating(
    path: Path,
    scale: int,
    *,
    producer: str = "",
    inputs: Sequence[str] = ("degraded",),
    output: str = "enhanced",
    shape: tuple[int | None, ...] = (None, 3, None, None),
    kind: int = TensorProto.FLOAT,
    multiple: int = 1,
) -> Path:
    """Write a network that repeats every pixel ``scale`` times per side.

    Args:
        path: where the file goes.
        scale: how often, across and down.
        producer: marks the file: two that differ in nothing else are two.
        inputs: their names; the first is repeated.
        output: its name.
        shape: of every input; None is free.
        kind: the type of input and output.
        multiple: both sides of an input must be one of it, as with networks of windows.
    """
    folds = [
        helper.make_node("SpaceToDepth", [inputs[0]], ["deep"], blocksize=multiple),
        helper.make_node("DepthToSpace", ["deep"], ["unfolded"], blocksize=multiple),
    ]
    node = helper.make_node(
        "Resize",
        [inputs[0] if multiple == 1 else "unfolded", "", "scales"],
        [output],
        mode="nearest",
        coordinate_transformation_mode="asymmetric",
        nearest_mode="floor",
    )
    given = [helper.make_tensor_value_info(name, kind, shape) for name in inputs]
    larger = (None, shape[1], None, None)[: len(shape)]
    made = helper.make_tensor_value_info(output, kind, larger)
    scales = np.array([1, 1, scale, scale][: len(shape)], np.float32)
    graph = helper.make_graph(
        [node] if multiple == 1 else [*folds, node],
        "g",
        given,
        [made],
        [numpy_helper.from_array(scales, "scales")],
    )
    opsets = [helper.make_opsetid("", 18)]
    model = helper.make_model(graph, opset_imports=opsets, ir_version=9, producer_name=producer)
    onnx.save(model, path)
    return path
