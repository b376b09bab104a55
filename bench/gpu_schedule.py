"""A profile's schedule of one model, shortened to the time there is."""

from __future__ import annotations

import logging
import time
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from itertools import product
from pathlib import Path
from typing import Any

import torch
from lightning_fabric import Fabric
from safetensors.torch import save_file
from torch import nn

from bench.photographs import read_photographs
from lienet.executors import count_workers
from lienet.files import write_text
from lienet.images import decode_image
from lienet.networks.registry import build_model
from lienet.params import Model, Params, Split, Train
from lienet.shards.pairs import Pair, decode_pair
from lienet.shards.patches import PatchStore
from lienet.shards.tiles import make_samples
from lienet.training.checkpoint import CHECKPOINT_NAME
from lienet.training.device_patches import keep_on_gpu
from lienet.training.history import format_history
from lienet.training.loop import Assignment, Row, fit, start_fabric
from lienet.training.precision import Precision

NUM_PHOTOGRAPHS, VALID_EVERY = 200, 10
FIRST_GUESS_STEPS_PER_S = 1.0
SHARE_OF_THE_TIME = 0.9
NUM_ROWS, NUM_CHECKPOINTS = 50, 10
logger = logging.getLogger("bench.gpu")


class TimeIsUpError(Exception):
    """The schedule was guessed too long; what it came to lies in its last checkpoint."""


def train_for(
    params: Params,
    key: str,
    *,
    folder: Path,
    data_dir: Path | None,
    accelerator: str,
    rates: Mapping[str, float | str],
    until_s: float,
) -> dict[str, Any]:
    """Train a model until the clock says so, and leave curve, checkpoint and weights in ``folder``.

    Args:
        params: the schedule.
        key: of the model.
        folder: gets the files.
        data_dir: real photographs, or None.
        accelerator: cpu or cuda.
        rates: the model's, as ``measure_rates`` found them.
        until_s: on the monotonic clock.
    """
    spec = params.models[key]
    tiles = {split: _cut(params, spec, data_dir, split) for split in ("train", "valid")}
    precision, is_compiled, steps_per_s = choose_format(rates)
    train = shorten(
        params.training_of(spec).model_copy(
            update={"accelerator": accelerator, "compile": is_compiled, "devices": 1}
        ),
        num_steps=int(SHARE_OF_THE_TIME * (until_s - time.monotonic()) * steps_per_s),
    )
    fabric = start_fabric(train, precision)
    store = PatchStore(tiles["train"], scale=spec.scale, name="photographs")
    history: list[Row] = []
    work = Assignment(
        train=train,
        objective=params.train.objectives[spec.objective],
        seed=params.seed,
        run_key=key,
        patches=keep_on_gpu(store, fabric.device),
        valid_tiles=tiles["valid"][: train.max_valid_tiles],
        state_dir=folder,
        on_row=history.append,
        on_step=partial(_refuse_after, until_s),
    )
    torch.manual_seed(params.seed)
    ended = _fit(build_model(spec), work, fabric, history)
    return {
        "precision": precision,
        "compiled": is_compiled,
        "steps": train.steps,
        "tiles": len(store.tiles),
        "valid_psnr_db": [row["valid_psnr_db"] for row in history],
        **ended,
    }


def _fit(model: nn.Module, work: Assignment, fabric: Fabric, history: list[Row]) -> dict[str, Any]:
    """Train, write curve and averaged weights, and say how it ended."""
    try:
        outcome = fit(model, work, fabric)
        weights, ended = outcome.model.state_dict(), {"steps_per_s": outcome.steps_per_s}
    except TimeIsUpError:
        weights = torch.load(work.state_dir / CHECKPOINT_NAME, weights_only=True)["average"]
        ended = {"cut_short_after": float(history[-1]["step"] or 0) if history else 0.0}
    finally:
        write_text(work.state_dir / "history.csv", format_history(history))
    flat = {name: value.contiguous().cpu() for name, value in weights.items()}
    save_file(flat, work.state_dir / "weights.safetensors")
    return ended


def _refuse_after(until_s: float, step: int) -> None:
    if time.monotonic() > until_s:
        raise TimeIsUpError(step)


def choose_format(rates: Mapping[str, float | str]) -> tuple[Precision, bool, float]:
    """Return the fastest number format, whether compiled, and its steps/s.

    It is fp32, at a first guess, where none was timed.
    """
    timed: dict[tuple[Precision, bool], float] = {}
    precisions: tuple[Precision, ...] = ("fp32", "bf16")
    for precision, is_compiled in product(precisions, (False, True)):
        rate = rates.get(f"{precision}{'_compiled' if is_compiled else ''}_steps_per_s")
        if isinstance(rate, float):
            timed[precision, is_compiled] = rate
    if not timed:
        return "fp32", False, FIRST_GUESS_STEPS_PER_S
    best = max(timed, key=lambda form: timed[form])
    return *best, timed[best]


def shorten(train: Train, *, num_steps: int) -> Train:
    """Return a schedule of so many steps at most, halved at the same shares of its length."""
    steps = max(1, min(num_steps, train.steps))
    share = steps / train.steps
    return train.model_copy(
        update={
            "steps": steps,
            "lr_halve_every_steps": max(1, round(share * train.lr_halve_every_steps)),
            "log_every_steps": max(1, steps // NUM_ROWS),
            "validate_every_steps": max(1, steps // NUM_ROWS) * 5,
            "checkpoint_every_steps": max(1, steps // NUM_CHECKPOINTS),
        }
    )


def _cut(params: Params, spec: Model, data_dir: Path | None, split: Split) -> list[Pair]:
    """Cut photographs into tiles as the stage synthesize does; every tenth is for validation."""
    contents = read_photographs(data_dir, at_most=NUM_PHOTOGRAPHS)
    every = min(VALID_EVERY, len(contents))
    own = [
        (str(number), content)
        for number, content in enumerate(contents, start=1)
        if (number % every == 0) == (split == "valid")
    ]
    with ThreadPoolExecutor(count_workers(0)) as pool:
        cut = pool.map(partial(_cut_one, params, spec, split), own)
    return [pair for pairs in cut for pair in pairs]


def _cut_one(
    params: Params, spec: Model, split: Split, photograph: tuple[str, bytes]
) -> list[Pair]:
    key, content = photograph
    samples = make_samples(
        decode_image(content),
        key=key,
        split=split,
        degradation=params.synthesize.tasks[spec.task],
        seed=params.seed,
        info={},
    )
    return [decode_pair(sample, spec.scale) for sample in samples]
