"""ONNX in float16: half the size; inputs and outputs stay float32.

For phones whose processors compute in float16. On a processor that does not, the runtime converts
back and forth.
"""

from __future__ import annotations

from pathlib import Path

import onnx

from lienet.deployment.formats.base import Format, Source
from lienet.deployment.formats.depth_to_space import order_depth_to_space
from lienet.files import write_bytes


class OnnxFloat16(Format):
    """ONNX in float16, any size."""

    suffix = ".onnx"
    tool = "onnxruntime"
    extra = "train"

    def convert(self, source: Source, path: Path) -> None:
        """Write the file; casts stand where the network begins and ends."""
        from onnxruntime.quantization.onnx_model import ONNXModel
        from onnxruntime.transformers.float16 import convert_float_to_float16

        proto = order_depth_to_space(onnx.load_from_string(source.onnx))
        halved = ONNXModel(convert_float_to_float16(proto, keep_io_types=True))
        halved.topological_sort()  # its casts are appended, and a reader wants them in order
        onnx.checker.check_model(halved.model, full_check=True)
        write_bytes(path, halved.model.SerializeToString(deterministic=True))
