"""A training step as it is run here against the plain fp32 NCHW step of the same network.

Batch 16, 48-pixel inputs, loss and optimizer included. Timed in turn: the plain step, the step as
it is run where bf16 is native, and where it is not; a ratio is that of the medians.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from pathlib import Path

import torch

from lienet.models.registry import build_model
from lienet.params import load_params
from lienet.training.objectives import compute_objective
from lienet.training.precision import has_native_bf16

PARAMS_PATH = Path(__file__).resolve().parent.parent / "profiles" / "bench.yaml"
BATCH, PATCH_PX, NUM_PAIRS = 16, 48, 7


def make_step(*, tuned: bool, lowered: bool, scale: int = 4) -> Callable[[], None]:
    """Return one training step of lienet: tuned is channels-last, lowered is in bf16."""
    params = load_params(PARAMS_PATH)
    torch.manual_seed(0)
    model = build_model(params.models["sr-lienet"])
    degraded = torch.rand(BATCH, PATCH_PX, PATCH_PX, 3).permute(0, 3, 1, 2)
    reference = torch.rand(BATCH, PATCH_PX * scale, PATCH_PX * scale, 3).permute(0, 3, 1, 2)
    if tuned:
        model = model.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    else:
        degraded, reference = degraded.contiguous(), reference.contiguous()
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-4, foreach=tuned)

    def step() -> None:
        optimizer.zero_grad(set_to_none=True)
        with torch.autocast("cpu", torch.bfloat16, enabled=lowered):
            enhanced = model(degraded)
        compute_objective(params.train.objectives["sr"], enhanced.float(), reference)[0].backward()
        optimizer.step()

    return step


def measure(data_dir: Path | None) -> dict[str, float | str]:
    """Time both steps in turn; ``data_dir`` is not needed."""
    del data_dir
    is_native = has_native_bf16(cuda=False)
    steps = {
        "plain": make_step(tuned=False, lowered=False),
        "bf16": make_step(tuned=True, lowered=is_native),
        "fp32": make_step(tuned=True, lowered=False),
    }
    seconds: dict[str, list[float]] = {name: [] for name in steps}
    for name, step in steps.items():
        step()
        seconds[name].clear()
    for _ in range(NUM_PAIRS):
        for name, step in steps.items():
            started = time.perf_counter()
            step()
            seconds[name].append(time.perf_counter() - started)
    medians = {name: statistics.median(values) for name, values in seconds.items()}
    return {
        "training_step_speedup": medians["plain"] / medians["bf16"],
        "training_step_speedup_without_bf16": medians["plain"] / medians["fp32"],
        "training_step_plain_s": medians["plain"],
        "training_step_s": medians["bf16"],
        "native_bf16": str(is_native),
    }
