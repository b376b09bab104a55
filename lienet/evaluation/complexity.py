"""Complexity of a network: parameters, multiply-adds for an output size, latency.

Owns how each is counted. Multiply-adds are those of convolutions and matrix products, fixed
filters included; activations, sums and shuffles are not counted, as is the custom of the field.
"""

from __future__ import annotations

import copy
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

from lienet.deployment.onnx_network import open_session
from lienet.errors import InputError


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
    shadow = copy.deepcopy(module).to("meta").eval()
    degraded = torch.empty(1, 3, output_height_px // scale, output_width_px // scale, device="meta")
    with torch.no_grad(), FlopCounterMode(display=False) as counter:
        shadow(degraded)
    return int(counter.get_total_flops()) // 2


def measure_latency_ms(onnx_path: Path, *, height_px: int, width_px: int, num_runs: int) -> float:
    """Return the median time of one run in ONNX Runtime on one thread, in milliseconds.

    Args:
        onnx_path: the exported network.
        height_px: height of the input.
        width_px: width of the input.
        num_runs: runs timed, after two that are not.

    Raises:
        ModelError: the file is missing or cannot be loaded.
    """
    session = open_session(onnx_path, num_threads=1)
    noise = np.random.default_rng(0).random((1, 3, height_px, width_px), dtype=np.float32)
    feed = {session.get_inputs()[0].name: noise}
    return median_ms(lambda: session.run(None, feed), num_runs=num_runs, num_warm_ups=2)


def median_ms(run: Callable[[], object], *, num_runs: int, num_warm_ups: int) -> float:
    """Return the median time of a call in milliseconds, after calls that are not timed."""
    for _ in range(num_warm_ups):
        run()
    times_ms = []
    for _ in range(num_runs):
        started = time.perf_counter()
        run()
        times_ms.append((time.perf_counter() - started) * 1e3)
    return float(np.median(times_ms))
