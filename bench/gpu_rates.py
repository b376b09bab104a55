"""The rate of training steps of every model on a GPU, and what bounds it."""

from __future__ import annotations

import logging
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch.autograd import DeviceType
from torch.profiler import ProfilerActivity, profile, schedule
from torch.utils.flop_counter import FlopCounterMode

from lienet.networks.registry import build_model
from lienet.params import Model, Objective, Params, Train
from lienet.training.graphs import EAGER_CALLS
from lienet.training.loop import Assignment, fit, start_fabric
from lienet.training.precision import Precision, has_native_bf16
from lienet.training.trial import OneBatch

PROFILED_STEPS, KERNELS_SHOWN = 3, 15
BUSY, NEAR_PEAK = 0.8, 0.4
"""A GPU that works for less than this share waits for launches; arithmetic above this share of its
peak is what bounds a step, else memory does."""
Figures = dict[str, float | str]

logger = logging.getLogger("bench.gpu")


def measure_rates(
    params: Params, *, folder: Path, accelerator: str, num_steps: int, until_s: float
) -> dict[str, Figures]:
    """Time and profile the steps of each model, in each format, until the clock says so.

    The first model is timed compiled as well, where a GPU trains.
    """
    is_cuda = accelerator == "cuda"
    formats: list[Precision] = ["fp32", "bf16"] if has_native_bf16(cuda=is_cuda) else ["fp32"]
    peaks = {each: measure_peak(each) for each in formats} if is_cuda else {}
    rates: dict[str, Figures] = {}
    keys = sorted(params.models, key=lambda key: key != "sr-lienet")
    with (folder / "profiles.txt").open("w", encoding="utf-8") as tables:
        for key in keys:
            spec = params.models[key]
            if time.monotonic() > until_s:
                rates[key] = {"left_out": "the time was over"}
                continue
            figures: Figures = {}
            for precision in formats:
                work = _assign(params, spec, accelerator)
                step_s = time_steps(spec, work, precision, num_steps=num_steps)
                device_s, table = profile_steps(spec, work, precision)
                flops = count_flops(spec, work.train)
                figures |= {
                    f"{precision}_steps_per_s": 1 / step_s,
                    f"{precision}_gpu_busy": device_s / step_s,
                    f"{precision}_tflop_per_s": flops / step_s / 1e12,
                }
                if is_cuda:
                    bound = name_bound(step_s, device_s, flops / peaks[precision])
                    figures[f"{precision}_bound_by"] = bound
                if is_cuda and key == keys[0]:
                    compiled = _time_compiled(spec, work, precision, num_steps=num_steps)
                    figures[f"{precision}_compiled_steps_per_s"] = compiled
                tables.write(f"{key}, {precision}\n{table}\n\n")
                tables.flush()
            rates[key] = figures
            logger.info("%s: %s", key, figures)
    return rates


def name_bound(step_s: float, device_s: float, at_peak_s: float) -> str:
    """Return what bounds a step.

    Args:
        step_s: what a step takes.
        device_s: what its kernels take.
        at_peak_s: what its arithmetic would take at the GPU's measured peak.
    """
    if device_s < BUSY * step_s:
        return "launches"
    return "arithmetic" if at_peak_s > NEAR_PEAK * device_s else "bandwidth"


def measure_peak(precision: Precision) -> float:
    """Return the FLOP/s of a product of large matrices."""
    size, num = 8192, 10
    dtype = torch.bfloat16 if precision == "bf16" else torch.float32
    factor = torch.randn(size, size, device="cuda", dtype=dtype)
    for counted in (False, True):
        torch.cuda.synchronize()
        started = time.perf_counter()
        for _ in range(num if counted else 2):
            factor @ factor
        torch.cuda.synchronize()
    return 2 * size**3 * num / (time.perf_counter() - started)


def time_steps(spec: Model, work: Assignment, precision: Precision, *, num_steps: int) -> float:
    """Return the seconds of a step among many that do not wait for one another."""
    first, ends_s = EAGER_CALLS + 5, {}

    def note(step: int) -> None:
        if step in (first, first + num_steps):
            if torch.cuda.is_available():
                torch.cuda.synchronize()
            ends_s[step] = time.perf_counter()

    _train(spec, work, precision, num_steps=first + num_steps + 1, on_step=note)
    return (ends_s[first + num_steps] - ends_s[first]) / num_steps


def _time_compiled(
    spec: Model, work: Assignment, precision: Precision, *, num_steps: int
) -> float | str:
    """Return the steps per second of the compiled network, or why it cannot be compiled here."""
    compiled = replace(work, train=work.train.model_copy(update={"compile": True}))
    try:
        return 1 / time_steps(spec, compiled, precision, num_steps=num_steps)
    except Exception as error:  # the uncompiled step's figures stand without it
        return f"{type(error).__name__}: {error}"[:300]


def profile_steps(spec: Model, work: Assignment, precision: Precision) -> tuple[float, str]:
    """Return the seconds of a step's kernels, and the table of the longest ones."""
    is_cuda = work.train.accelerator == "cuda"
    activities = [ProfilerActivity.CPU] + [ProfilerActivity.CUDA] * is_cuda
    plan = schedule(wait=EAGER_CALLS + 4, warmup=1, active=PROFILED_STEPS, repeat=1)
    num_steps = EAGER_CALLS + 4 + 1 + PROFILED_STEPS
    with profile(activities=activities, schedule=plan) as profiler:
        _train(spec, work, precision, num_steps=num_steps, on_step=lambda step: profiler.step())
    events = profiler.key_averages()
    if is_cuda:  # kernels alone: the operators that launch them name the same time again
        kernels = [each for each in events if each.device_type == DeviceType.CUDA]
        total_us = sum(k.self_device_time_total for k in kernels if not k.is_user_annotation)
    else:
        total_us = sum(event.self_cpu_time_total for event in events)
    by = f"self_{'cuda' if is_cuda else 'cpu'}_time_total"
    table = events.table(sort_by=by, row_limit=KERNELS_SHOWN, max_name_column_width=90)
    return total_us / 1e6 / PROFILED_STEPS, table


def count_flops(spec: Model, train: Train) -> float:
    """Return the FLOPs of the network's share of a step: backward takes twice what forward does."""
    counter = FlopCounterMode(display=False)
    images = torch.zeros(1, 3, train.patch_px, train.patch_px)
    with counter, torch.no_grad():
        build_model(spec)(images)
    return 3.0 * train.batch_size * counter.get_total_flops()


def _train(
    spec: Model,
    work: Assignment,
    precision: Precision,
    *,
    num_steps: int,
    on_step: Callable[[int], None],
) -> None:
    torch.manual_seed(0)
    with tempfile.TemporaryDirectory() as state_dir:
        train = work.train.model_copy(update={"steps": num_steps})
        timed = replace(work, train=train, state_dir=Path(state_dir), on_step=on_step)
        fit(build_model(spec), timed, start_fabric(train, precision))


def _assign(params: Params, spec: Model, accelerator: str) -> Assignment:
    every = ("log_every_steps", "validate_every_steps", "checkpoint_every_steps")
    changes: dict[str, Any] = {"accelerator": accelerator, "compile": False, "devices": 1}
    train = params.training_of(spec)
    train = train.model_copy(update=changes | dict.fromkeys(every, 1_000_000))
    generator = np.random.default_rng(0)
    sides_px = (train.patch_px, spec.scale * train.patch_px)
    shapes = [(train.batch_size, side_px, side_px, 3) for side_px in sides_px]
    batch = [generator.integers(0, 256, shape, np.uint8) for shape in shapes]
    return Assignment(
        train=train,
        objective=_at_its_fullest(params.train.objectives[spec.objective]),
        seed=0,
        run_key="",
        patches=OneBatch(*batch),
        valid_tiles=(),
        state_dir=Path(),
    )


def _at_its_fullest(objective: Objective) -> Objective:
    """Return an objective without warm-up, and without VGG19, whose weights are no part of this."""
    changes: dict[str, Any] = {"perceptual": None}
    if objective.adversarial is not None:
        changes["adversarial"] = objective.adversarial.model_copy(update={"warm_up_steps": 0})
    return objective.model_copy(update=changes)
