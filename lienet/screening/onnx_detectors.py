"""Detectors' ONNX files opened in ONNX Runtime, on one thread, for inputs of any size.

It knows nothing of what a network finds. It refuses a file that ONNX Runtime cannot open.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import cv2
import numpy as np

from lienet.images import Pixels

Map = np.ndarray[Any, np.dtype[np.float32]]


def open_session(content: bytes) -> Any:
    """Open a network; processes share the work, so each of them uses one thread.

    Raises:
        Exception: of ONNX Runtime, whose errors share no base, if it is no network.
    """
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.log_severity_level = 4
    return onnxruntime.InferenceSession(content, options, providers=["CPUExecutionProvider"])


def keep_outputs(content: bytes, outputs: Sequence[str]) -> bytes:
    """Return an ONNX network of any size of its input, without what only other outputs need.

    The sizes of input and outputs are forgotten, and what was inferred from them; a network that
    holds a size inside itself will fail when it is run at another.

    Raises:
        Exception: of protobuf or ONNX, if it is no network with these outputs.
    """
    import onnx

    model = onnx.load_from_string(content)
    del model.graph.value_info[:]
    inputs = [value.name for value in model.graph.input]
    model = onnx.utils.Extractor(model).extract_model(inputs, list(outputs))
    for value in (*model.graph.input, *model.graph.output):
        for axis, dimension in enumerate(value.type.tensor_type.shape.dim):
            if axis != 1 or value in model.graph.output:
                dimension.dim_param = f"{value.name}_{axis}"
    del model.graph.value_info[:]
    kept: bytes = model.SerializeToString()
    return kept


def write_planes(pixels: Pixels, table: Map) -> Map:
    """Turn RGB uint8 HWC into ``1 3 h w`` float32, blue first, by a table for each colour.

    Args:
        pixels: the image.
        table: ``(3, 256)``: what each value of blue, green and red becomes.
    """
    planes = np.empty((1, 3, *pixels.shape[:2]), np.float32)
    for values, plane, colour in zip(table, planes[0], cv2.split(pixels)[::-1], strict=True):
        cv2.LUT(colour, values, plane)
    return planes
