"""ExecuTorch programs for XNNPACK, in float32 and in eight bits, of any size up to a limit."""

from __future__ import annotations

from pathlib import Path

import torch
from torch import fx

from lienet.deployment.formats.base import Format, Source
from lienet.deployment.formats.phone_program import PhoneProgram, make_program
from lienet.files import write_bytes
from lienet.networks.eight_bits import make_quantiser
from lienet.quiet import quiet


class ExecutorchFloat32(Format):
    """ExecuTorch in float32."""

    suffix = ".pte"
    tool = "executorch"
    extra = "mobile"

    def convert(self, source: Source, path: Path) -> None:
        """Write the program."""
        with quiet():
            program = make_program(source.model)
            write_bytes(path, _compile(program.module, program))


class ExecutorchInt8(Format):
    """ExecuTorch in eight bits by static quantisation.

    :mod:`lienet.networks.eight_bits` says of what.
    """

    suffix = ".pte"
    tool = "executorch"
    extra = "mobile"

    def convert(self, source: Source, path: Path) -> None:
        """Write the program, its ranges chosen by the calibration tiles."""
        with quiet():
            program = make_program(source.model, folds=False)
            write_bytes(path, _compile(_quantise(program, source), program))


def _compile(module: torch.nn.Module, program: PhoneProgram) -> bytes:
    from executorch.backends.xnnpack.partition.xnnpack_partitioner import XnnpackPartitioner
    from executorch.exir import to_edge_transform_and_lower

    exported = torch.export.export(
        module, program.example, dynamic_shapes=program.dynamic_shapes, strict=False
    )
    lowered = to_edge_transform_and_lower(exported, partitioner=[XnnpackPartitioner()])
    content: bytes = lowered.to_executorch().buffer
    return content


def _quantise(program: PhoneProgram, source: Source) -> fx.GraphModule:
    from torchao.quantization.pt2e.quantize_pt2e import convert_pt2e, prepare_pt2e

    quantiser = make_quantiser(is_training=False)
    observed = prepare_pt2e(program.module, quantiser)
    with torch.no_grad():
        for tile in source.calibration:
            observed(torch.from_numpy(tile), *program.example[1:])
    converted: fx.GraphModule = convert_pt2e(observed)
    return converted
