"""What of a network is in eight bits, in training and in ExecuTorch's files alike: convolutions.

Weights have a scale for each output channel, activations one for each tensor. Sums and products in
eight bits lose twice as much (docs/formats.md), and leaky ReLU exists in XNNPACK in float32 only.
What makes the image's own pixels stays in float32 too, since there an eighth bit is a step that
shows: the last convolution, and the bicubic skip, a convolution in groups. Needs the extra
``mobile``.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, fx, nn

from lienet.errors import ModelError, ToolError
from lienet.quiet import quiet

_CONVOLUTION = torch.ops.aten.conv2d.default


def make_quantiser(*, is_training: bool) -> Any:
    """Return torchao's quantiser of the convolutions.

    Args:
        is_training: round by ranges that follow the batches, and let gradients through.

    Raises:
        ToolError: ExecuTorch is not installed.
    """
    try:
        with quiet():
            from executorch.backends.xnnpack.quantizer.xnnpack_quantizer import (
                XNNPACKQuantizer,
                get_symmetric_quantization_config,
            )
    except ModuleNotFoundError as error:
        raise ToolError(
            "eight bits need executorch, which is not installed", remedy="run make mobile"
        ) from error

    quantiser = XNNPACKQuantizer()
    how = get_symmetric_quantization_config(is_per_channel=True, is_qat=is_training)
    quantiser.set_operator_type(_CONVOLUTION, how)
    quantiser.set_filter_function(_is_quantised)
    return quantiser


def round_in_training(network: nn.Module, example: Tensor) -> fx.GraphModule:
    """Return a network's graph that rounds as its file in eight bits will; weights are shared.

    Ranges of activations follow the batches, by moving averages that lie in the graph's state.
    Gradients pass the rounding as if it were not there.

    Args:
        network: in training mode.
        example: an input of the shape that every batch has.

    Raises:
        ModelError: the network's course depends on its values, so no graph can be made of it.
        ToolError: ExecuTorch is not installed.
    """
    quantiser = make_quantiser(is_training=True)
    with quiet():
        from torchao.quantization.pt2e.quantize_pt2e import prepare_qat_pt2e

        try:
            exported = torch.export.export(network, (example,), strict=False)
        except Exception as error:  # it fails with whatever the network's inside fails with
            raise ModelError(
                f"{type(network).__name__} cannot be traced, as rounding in training asks for",
                got=" ".join(str(error).split())[:200],
                remedy="set fine_tuning.quantised to false",
            ) from error
        rounded: fx.GraphModule = prepare_qat_pt2e(exported.module(check_guards=False), quantiser)
    return rounded


def _is_quantised(node: fx.Node) -> bool:
    """Whether a convolution is in one group and not the last such of its graph; of weights, yes."""
    if node.target != _CONVOLUTION:
        return True
    whole = [each for each in node.graph.nodes if each.target == _CONVOLUTION and _is_whole(each)]
    return node in whole[:-1]


def _is_whole(node: fx.Node) -> bool:
    return len(node.args) < 7 or bool(node.args[6] == 1)
