"""Complexity of a network: parameters, multiply-adds for an output size, latency.

Owns how each is counted. Multiply-adds are those of convolutions and matrix products, fixed
filters included; activations, sums and shuffles are not counted, as is the custom of the field.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
import torch
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

from lienet.deployment.onnx_network import OnnxNetwork
from lienet.deployment.runtimes import open_file
from lienet.errors import InputError
from lienet.evaluation.timing import median_ms
from lienet.networks.folding import collapse_branches


def count_macs(
    module: nn.Module, *, scale: int, output_height_px: int, output_width_px: int
) -> int:
    """Return the multiply-adds of one forward pass that gives an output of this size.

    Counted by torch's FlopCounterMode, two operations to a multiply-add, on the meta device: no
    number is computed.

    Args:
        module: from ``1 3 h w`` to ``1 3 h*scale w*scale``; left as it is.
        scale: its factor, per side.
        output_height_px: height of the output, a multiple of ``scale``.
        output_width_px: width of the output, a multiple of ``scale``.

    Raises:
        InputError: the output size is not a multiple of the scale.
    """
    if output_height_px % scale or output_width_px % scale:
        raise InputError(
            f"the output size to count for must be a multiple of {scale}",
            got=f"{output_height_px} x {output_width_px} px",
        )
    shadow = collapse_branches(module).to("meta").eval()
    degraded = torch.empty(1, 3, output_height_px // scale, output_width_px // scale, device="meta")
    with torch.no_grad(), FlopCounterMode(display=False) as counter:
        shadow(degraded)
    return int(counter.get_total_flops()) // 2


@dataclass(frozen=True)
class Latency:
    """How long one run takes, and on an input of which size."""

    median_ms: float
    height_px: int
    width_px: int


def measure_latency(path: Path, *, height_px: int, width_px: int, num_runs: int) -> Latency:
    """Return the median time of one run of a file in its runtime, on one thread.

    Args:
        path: the exported network, in any format that runs here.
        height_px: height of the input; the next that the network takes is measured.
        width_px: width of the input, as well.
        num_runs: runs timed, after two that are not.

    Raises:
        ModelError: the file is missing, cannot be loaded or fails on such an input.
    """
    network = open_file(path, num_threads=1)
    height_px, width_px = network.fit_size(height_px, width_px)
    noise = np.random.default_rng(0).random((1, 3, height_px, width_px), dtype=np.float32)
    network(noise)  # fails in one line where it fails
    run: Callable[[], object] = partial(network, noise)
    if isinstance(network, OnnxNetwork):
        run = partial(network.session.run, None, network.make_input(noise))
    found_ms = median_ms(run, num_runs=num_runs, num_warm_ups=1)
    return Latency(found_ms, height_px, width_px)
