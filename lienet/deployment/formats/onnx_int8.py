"""ONNX in whole numbers of eight bits: static ranges, a scale for each output of a convolution.

Weights, activations and sums between the first and the last convolution are quantised, or the
convolutions alone. What touches the image itself stays in float32: the bicubic skip, the last sum
and the shuffle after it, since there an eighth bit is a visible step. Dense blocks are not folded:
the sums that folding carries along lose more in eight bits than concatenations do, at the same
speed (docs/formats.md).
Ranges leave out the most extreme ten-thousandth of the values over calibration tiles at each end:
a few outliers would widen the steps of all others.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

import onnx
from torch import nn

from lienet.deployment.formats.base import Format, Source
from lienet.deployment.formats.depth_to_space import order_depth_to_space
from lienet.deployment.onnx import export_onnx
from lienet.deployment.runtimes import Planes
from lienet.deployment.tensor_names import INPUT_NAME
from lienet.files import write_bytes
from lienet.networks.hifacegan import Suppression
from lienet.networks.spade import Spade
from lienet.quiet import quiet

QUANTISED = ("Conv", "LeakyRelu", "PRelu", "Relu", "Add", "Mul", "Concat")
_KEPT_PERCENT = 99.99
_PASSED_THROUGH = ("Add", "DepthToSpace", "Slice", "Pad", "Identity")


class OnnxInt8(Format):
    """ONNX in eight bits by static quantisation, any size."""

    suffix = ".onnx"
    tool = "onnxruntime"
    extra = "train"

    def convert(self, source: Source, path: Path) -> None:
        """Write the file, in the form of quantise and dequantise pairs that phones read."""
        plain = export_onnx(source.model, opset=source.opset, metadata=source.metadata, folds=False)
        proto = name_nodes(order_depth_to_space(onnx.load_from_string(plain)))
        content = quantise(
            proto,
            source.calibration,
            operators=choose_operators(source.model),
            kept=list_float_nodes(proto.graph),
        )
        write_bytes(path, content)


def name_nodes(proto: onnx.ModelProto) -> onnx.ModelProto:
    """Give each node the name of its output, by which the quantiser takes its orders."""
    for node in proto.graph.node:
        node.name = node.output[0]
    return proto


def list_float_nodes(graph: onnx.GraphProto) -> list[str]:
    """Return the nodes that stay in float32: the output's sums, and what skips the features.

    The output's sums are all that lies behind the last convolutions; a skip is what leads from
    the input to such a sum through one convolution or none.
    """
    makers = {name: node for node in graph.node for name in node.output}
    kept: dict[str, None] = {}
    waiting = [graph.output[0].name]
    while waiting:
        node = makers.get(waiting.pop())
        if node is None or node.name in kept:
            continue
        if node.op_type in _PASSED_THROUGH or not _is_made_of_features(node, makers):
            kept[node.name] = None
            waiting += node.input
    return list(kept)


def choose_operators(model: nn.Module) -> Sequence[str]:
    """Return the kinds of nodes that are quantised.

    Of a network that normalises its features, convolutions alone: in eight bits the sums and
    products of SPADE cost 0.1 dB on faces and up to 0.5 on old photographs, and suppression's
    exponentials, from 1/245 to 245, cost HiFaceGAN 7.5 dB.
    """
    normalises = any(isinstance(each, (Spade, Suppression)) for each in model.modules())
    return ("Conv",) if normalises else QUANTISED


def quantise(
    proto: onnx.ModelProto,
    calibration: Sequence[Planes],
    *,
    operators: Sequence[str] = QUANTISED,
    kept: Sequence[str] = (),
    only: Sequence[str] | None = None,
) -> bytes:
    """Return a network with quantised nodes.

    Args:
        proto: in float32, its nodes named.
        calibration: inputs of one size.
        operators: the kinds of nodes that are quantised.
        kept: nodes that stay in float32.
        only: the nodes that are quantised; None takes all that can be.
    """
    from onnxruntime.quantization import (
        CalibrationMethod,
        QuantFormat,
        QuantType,
        quantize_static,
    )

    with tempfile.TemporaryDirectory(prefix="lienet-int8-") as folder, quiet():
        before, after = Path(folder) / "float.onnx", Path(folder) / "int8.onnx"
        before.write_bytes(proto.SerializeToString(deterministic=True))
        quantize_static(
            str(before),
            str(after),
            _Tiles(calibration),
            quant_format=QuantFormat.QDQ,
            op_types_to_quantize=list(operators),
            per_channel=True,
            activation_type=QuantType.QUInt8,
            weight_type=QuantType.QInt8,
            calibrate_method=CalibrationMethod.Percentile,
            extra_options={"CalibPercentile": _KEPT_PERCENT},
            nodes_to_exclude=list(kept),
            nodes_to_quantize=None if only is None else list(only),
        )
        quantised = onnx.load(after)
    del quantised.metadata_props[:]
    quantised.metadata_props.extend(proto.metadata_props)
    content: bytes = quantised.SerializeToString(deterministic=True)
    return content


class _Tiles:
    """Calibration tiles as the quantiser asks for them, one by one."""

    def __init__(self, tiles: Sequence[Planes]) -> None:
        self._tiles: Iterator[Planes] = iter(tiles)

    def get_next(self) -> dict[str, Planes] | None:
        tile = next(self._tiles, None)
        return None if tile is None else {INPUT_NAME: tile}


def _is_made_of_features(node: onnx.NodeProto, makers: dict[str, onnx.NodeProto]) -> bool:
    """Whether a convolution leads to a node, itself not counted."""
    waiting, seen = list(node.input), set[str]()
    while waiting:
        name = waiting.pop()
        if name in seen or name not in makers:
            continue
        seen.add(name)
        if makers[name].op_type == "Conv":
            return True
        waiting += makers[name].input
    return False
