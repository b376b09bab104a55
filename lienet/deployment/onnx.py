"""ONNX: one self-contained file of any batch and size, and how far it strays from torch.

Values in, values out: nothing here touches a file. Every path, stack trace and generated shape
name of the exporter is stripped, so equal weights give equal bytes wherever they are exported.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

import numpy as np
import onnx
import torch
from numpy.typing import NDArray
from torch import nn

from lienet.deployment.onnx_statistics import complete_graph, list_uses, make_signature
from lienet.errors import ModelError
from lienet.networks.folding import collapse_branches, fold_blocks
from lienet.networks.memory_layout import lay_out
from lienet.quiet import quiet

_DYNAMIC_AXES = {0: "n", 2: "h", 3: "w"}
_EXAMPLE_SHAPE = (2, 3, 36, 52)


def export_onnx(
    model: nn.Module, *, opset: int, metadata: Mapping[str, str], folds: bool = True
) -> bytes:
    """Return a network as a checked ONNX file, with weights inside.

    Input ``degraded`` is float32 ``n 3 h w`` in [0, 1], output ``enhanced`` float32
    ``n 3 h*scale w*scale``, not clipped; n, h and w are free.

    A network with SPADE layers has, for each of them and numbered from 0, the optional inputs
    ``spade_0_mean`` and ``spade_0_variance``, float32 ``1 c 1 1``, and the output
    ``spade_0_features``, float32 ``n c ceil(h/fold) ceil(w/fold)``; ``fold`` is in the metadata.
    Fed the image alone, it normalises by the image's own statistics. To enhance an image in tiles
    as if it were whole, run the tiles for ``spade_0_features`` and take each channel's mean and
    variance over the image; run them with these for ``spade_1_features``, and so on; then run them
    with all statistics for ``enhanced``. The inputs are initializers that a feed overrides (in ONNX
    Runtime ``get_overridable_initializers()``; it remarks on each at log level warning). A runtime
    that takes initializers as constants gives what the image alone gives.

    Args:
        model: left as it is; exported in eval mode and float32, on the CPU.
        opset: version of ONNX's operators.
        metadata: what the file says of itself, as its metadata properties.
        folds: rewrite dense blocks for speed in float32; what is quantised keeps more of its
            precision in their first form.

    Raises:
        ModelError: the network cannot be exported, or the result is not valid ONNX.
    """
    network = fold_blocks(model) if folds else collapse_branches(model)
    network = network.cpu().float().eval().requires_grad_(False)
    lay_out(network, torch.contiguous_format)  # how weights lie in memory shows in names
    signature = make_signature(network)
    sizes = {axis: torch.export.Dim.DYNAMIC for axis in _DYNAMIC_AXES}
    fixed = [[(None, None) for _ in layers] for layers in signature.given]
    try:
        with quiet():
            program = torch.onnx.export(
                signature.module,
                (torch.rand(_EXAMPLE_SHAPE), *signature.given),
                dynamo=True,
                dynamic_shapes=(sizes, *fixed),
                input_names=signature.inputs,
                output_names=signature.outputs,
                opset_version=opset,
                external_data=False,
                verbose=False,
            )
        assert program is not None
        proto = program.model_proto
        _rename_sizes(proto.graph)
        _strip(proto.graph)
        properties = dict(metadata) | complete_graph(proto.graph, network)
        onnx.helper.set_model_props(proto, dict(sorted(properties.items())))
        onnx.checker.check_model(proto, full_check=True)
    except (torch.onnx.errors.OnnxExporterError, onnx.checker.ValidationError) as error:
        raise ModelError(
            f"{type(model).__name__} cannot be exported: {str(error)[:300]}"
        ) from error
    content: bytes = proto.SerializeToString(deterministic=True)
    return content


def measure_parity(model: nn.Module, content: bytes, sizes_px: Sequence[tuple[int, int]]) -> float:
    """Return the largest absolute difference between ONNX Runtime and torch, on the CPU.

    Each size is tried with one fixed random image in [0, 1], and the first with a batch of two; a
    network with SPADE layers also with statistics given, and with what these layers normalise.
    Where an output leaves [-1, 1], as a barely trained network's does by hundreds, the difference
    is taken relative to its largest value, since that is what float32 rounding scales with.

    Args:
        model: the network that was exported, in eval mode.
        content: the ONNX file.
        sizes_px: heights and widths of the inputs.

    Raises:
        ModelError: ONNX Runtime cannot load or run the file, or gives another shape.
    """
    from onnxruntime import InferenceSession, SessionOptions

    options = SessionOptions()
    options.log_severity_level = 3
    shapes = [(1, *size) for size in sizes_px] + [(2, *sizes_px[0])]
    differences: list[float] = []
    try:
        session = InferenceSession(content, options, providers=["CPUExecutionProvider"])
        for num_images, height_px, width_px in shapes:
            for use in list_uses(model, _draw_image(num_images, height_px, width_px)):
                found = session.run(list(use.expected), use.feed)
                differences += map(_max_difference, use.expected.values(), found)
    except ModelError:
        raise
    except Exception as error:  # ONNX Runtime's own errors share no public base class
        raise ModelError(f"ONNX Runtime cannot run the model: {str(error)[:300]}") from error
    return float(np.max(differences))  # NaN if any is


def check_parity(
    model: nn.Module, content: bytes, sizes_px: Sequence[tuple[int, int]], *, tolerance: float
) -> float:
    """Return what :func:`measure_parity` finds, if it is at most ``tolerance``.

    Raises:
        ModelError: it is more, or not a number.
    """
    largest = measure_parity(model, content, sizes_px)
    if not largest <= tolerance:
        raise ModelError(
            f"ONNX and torch must agree within export.parity_tolerance {tolerance:g}",
            got=f"{largest:g}",
            remedy="train anew if the weights are not finite, or report the operator",
        )
    return largest


def _draw_image(num_images: int, height_px: int, width_px: int) -> NDArray[np.float32]:
    generator = np.random.Generator(np.random.Philox([num_images, height_px * 65536 + width_px]))
    return generator.random((num_images, 3, height_px, width_px), dtype=np.float32)


def _max_difference(expected: NDArray[np.float32], found: NDArray[np.float32]) -> float:
    if found.shape != expected.shape:
        raise ModelError(f"ONNX must give the shape {expected.shape}", got=found.shape)
    largest = max(1.0, float(np.abs(expected).max()))
    return float(np.abs(found - expected).max()) / largest


def _rename_sizes(graph: onnx.GraphProto) -> None:
    """Call the free sizes n, h and w; the exporter names them by number.

    The sizes of what lies between input and output stay in the file, as far as they follow from
    these: a runtime that knows two to be equal keeps both in its own layout, a quarter faster.
    """
    axes = graph.input[0].type.tensor_type.shape.dim
    names = {axes[axis].dim_param: name for axis, name in _DYNAMIC_AXES.items()}
    for axis, name in _DYNAMIC_AXES.items():
        if not axes[axis].dim_param:
            raise ModelError(f"the network must accept any size, but its {name} is fixed")
    for value in (graph.input[0], graph.output[0], *graph.value_info):
        for dim in value.type.tensor_type.shape.dim:
            if dim.dim_param:
                dim.dim_param = re.sub(
                    r"\w+", lambda found: names.get(found[0], found[0]), dim.dim_param
                )
    known = [value for value in graph.value_info if _follows_from_input(value)]
    del graph.value_info[:]
    graph.value_info.extend(known)


def _follows_from_input(value: onnx.ValueInfoProto) -> bool:
    """Whether every size is a number or made of n, h and w."""
    words = (re.findall(r"[^\W\d]\w*", dim.dim_param) for dim in value.type.tensor_type.shape.dim)
    return all(word in _DYNAMIC_AXES.values() for found in words for word in found)


def _strip(graph: onnx.GraphProto) -> None:
    """Drop what depends on where and how the network was exported."""
    graph.ClearField("metadata_props")
    graph.doc_string = ""
    values = (*graph.input, *graph.output, *graph.value_info)
    for part in (*values, *graph.initializer, *graph.node):
        part.ClearField("metadata_props")
        part.ClearField("doc_string")
    for node in graph.node:
        for attribute in node.attribute:
            if attribute.HasField("g"):
                _strip(attribute.g)
