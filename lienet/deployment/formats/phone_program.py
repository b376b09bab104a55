"""A network as the converters for phones take it: a traced program of operators they know.

Dense blocks are folded. The bicubic skip becomes a plain convolution and its mirrored borders
slices, since a flip and a weight that is reshaped while it runs leave the accelerated part. Sides
are multiples of the network's fold, so nothing is padded or cropped inside. A network with SPADE
layers takes their statistics and tells what they normalise, as its ONNX file does: a negative
variance asks for the input's own.
"""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import chain
from typing import Any

import torch
from torch import Tensor, fx, nn
from torch.nn import functional

from lienet.deployment.onnx_statistics import make_signature
from lienet.networks.folding import collapse_branches, fold_blocks
from lienet.networks.global_skip import BicubicUpsampling
from lienet.networks.shapes import Images, Phases

TILE_PX = 256
"""Side of the input of formats that take one size."""
MAX_SIDE_PX = 512
"""Longest side of the input of formats whose memory is planned beforehand."""
_PADS = (torch.ops.aten.pad.default, torch.ops.aten.constant_pad_nd.default)


@dataclass(frozen=True)
class PhoneProgram:
    """A network, and what it is traced with."""

    module: nn.Module
    example: tuple[Tensor, ...]
    """The image, then mean and variance of each SPADE layer."""
    multiple: int
    """Both sides of an input must be a multiple of it."""

    @property
    def dynamic_shapes(self) -> tuple[Mapping[int, Any] | None, ...]:
        """Height and width that are free up to ``MAX_SIDE_PX``; all else is fixed."""
        most = MAX_SIDE_PX // self.multiple
        least = max(2, 8 // self.multiple)
        sides = (torch.export.Dim(name, min=least, max=most) for name in ("rows", "columns"))
        free = {axis: self.multiple * side for axis, side in zip((2, 3), sides, strict=True)}
        return (free, *(None for _ in self.example[1:]))


def make_program(
    model: nn.Module, *, folds: bool = True, takes_statistics: bool = True
) -> PhoneProgram:
    """Trace a network for a phone's converter.

    Args:
        model: in eval mode on the CPU; left as it is.
        folds: rewrite dense blocks for speed in float32.
        takes_statistics: whether SPADE layers can be given statistics; otherwise they take the
            input's own.
    """
    network = fold_blocks(model) if folds else collapse_branches(model)
    network = network.float().eval().requires_grad_(False)
    for each in chain(network.parameters(), network.buffers()):
        each.data = torch.empty(each.shape).copy_(each)  # in the plain layout, down to its strides
    for parent in list(network.modules()):
        for name, child in list(parent.named_children()):
            if isinstance(child, BicubicUpsampling):
                setattr(parent, name, _PlainUpsampling(child))
    multiple = int(getattr(network, "fold", 1))
    image = torch.rand(1, 3, TILE_PX, TILE_PX, generator=torch.Generator().manual_seed(0))
    signature = make_signature(network)
    if not takes_statistics or not signature.given:
        return PhoneProgram(_trace(network, (image,)), (image,), multiple)
    given = chain.from_iterable(chain.from_iterable(signature.given))
    example = (image, *given)
    return PhoneProgram(_trace(_Flat(signature.module), example), example, multiple)


def trace_for_jit(program: PhoneProgram) -> torch.jit.ScriptModule:
    """Return the program in TorchScript, which pnnx and Core ML's converter still ask for."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        traced: torch.jit.ScriptModule = torch.jit.trace(  # type: ignore[no-untyped-call]
            program.module, program.example
        )
    return traced


class _PlainUpsampling(BicubicUpsampling):
    """Bicubic upsampling by a convolution whose weight has four axes, and slices for mirrors."""

    weight: Tensor

    def __init__(self, original: BicubicUpsampling) -> None:
        super().__init__(original.scale)
        self.register_buffer("weight", original.kernel[:, None].clone(), persistent=False)

    def phases(self, image: Images) -> Phases:
        """Return what a pixel-shuffle makes the enlarged images of."""
        wide = (image[..., 1:2], image[..., :1], image, image[..., -1:], image[..., -2:-1])
        image = torch.cat(wide, -1)
        high = (image[..., 1:2, :], image[..., :1, :], image, image[..., -1:, :])
        image = torch.cat((*high, image[..., -2:-1, :]), -2)
        return functional.conv2d(image, self.weight, groups=3)


class _Flat(nn.Module):
    """Takes statistics one by one, as files for phones do, and hands them on in pairs."""

    def __init__(self, module: nn.Module) -> None:
        super().__init__()
        self.module = module

    def forward(self, degraded: Tensor, *statistics: Tensor) -> tuple[Tensor, ...]:
        """Return the enhanced image, then what each layer normalises."""
        pairs = list(zip(statistics[::2], statistics[1::2], strict=True))
        made: tuple[Tensor, ...] = self.module(degraded, pairs)
        return made


def _trace(module: nn.Module, example: tuple[Tensor, ...]) -> nn.Module:
    """Return the graph of a module, without the paddings that add nothing."""
    program = torch.export.export(module, example, strict=False)
    traced = program.module(check_guards=False)
    assert isinstance(traced, fx.GraphModule)
    for node in list(traced.graph.nodes):
        if node.op == "call_function" and node.target in _PADS and not any(node.args[1]):
            node.replace_all_uses_with(node.args[0])
            traced.graph.erase_node(node)
    return fx.GraphModule(traced, traced.graph)  # a new one, without checks of the size
