"""Number formats of training: float32, or bfloat16 where a trial shows that it is faster here."""

from __future__ import annotations

import json
import logging
import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Literal

import torch

from lienet.files import sha256_of_json, write_json
from lienet.processor import read_processor_name

logger = logging.getLogger(__name__)
Precision = Literal["fp32", "bf16"]
FABRIC_NAMES: dict[Precision, Literal["32-true", "bf16-mixed"]] = {
    "fp32": "32-true",
    "bf16": "bf16-mixed",
}
WORTH_ROUNDING = 0.95
"""A bf16 step that takes more than this share of the fp32 step's time is not worth its rounding."""


def choose_precision(
    requested: Literal["auto", "fp32", "bf16"],
    *,
    cuda: bool,
    subject: Mapping[str, Any],
    notes_dir: Path,
    time_step: Callable[[Precision], float] | None,
) -> Precision:
    """Return the number format that a training runs in; "auto" is the faster one.

    Both are timed where bf16 is native, once for each machine, version of torch and ``subject``;
    a note keeps what was measured.

    Args:
        requested: by params.
        cuda: a GPU trains.
        subject: what is trained: of another one the times are others.
        notes_dir: gets the note.
        time_step: returns the seconds of a training step in a format; None where several processes
            train, which might not agree: then bf16 is taken where it is native.
    """
    if requested != "auto":
        return requested
    if not has_native_bf16(cuda=cuda):
        return "fp32"
    if time_step is None:
        return "bf16"
    about = {"subject": subject, "torch": torch.__version__, "machine": _describe_machine(cuda)}
    note = notes_dir / f"{sha256_of_json(about)[:16]}.json"
    if note.is_file():
        measured: dict[Precision, float] = json.loads(note.read_text(encoding="utf-8"))["step_s"]
    else:
        measured = {"fp32": time_step("fp32"), "bf16": time_step("bf16")}
        write_json(note, {"step_s": measured, **about})
    chosen: Precision = "bf16" if _is_worth_it(measured) else "fp32"
    times = ", ".join(f"{name} {1000 * seconds:.1f} ms" for name, seconds in measured.items())
    logger.info("precision auto: %s (%s a step on this machine)", chosen, times)
    return chosen


def has_native_bf16(*, cuda: bool) -> bool:
    """Tell whether the GPU, or this processor, has bf16 multiply instructions."""
    if cuda:
        return bool(torch.cuda.is_bf16_supported(including_emulation=False))
    return bool(torch.cpu._is_avx512_bf16_supported() or torch.cpu._is_amx_tile_supported())


def _is_worth_it(step_s: Mapping[Precision, float]) -> bool:
    return step_s["bf16"] < WORTH_ROUNDING * step_s["fp32"]


def _describe_machine(cuda: bool) -> dict[str, Any]:
    return {
        "processor": torch.cuda.get_device_name() if cuda else read_processor_name(),
        "num_threads": torch.get_num_threads(),
        "instructions": os.environ.get("ONEDNN_MAX_CPU_ISA", "all"),
    }
