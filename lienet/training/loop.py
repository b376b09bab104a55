"""The training loop: ours, with devices and precision in Lightning Fabric's hands.

Every random choice is drawn from (seed, step), and a checkpoint holds the rest, so a run that is
killed at any step and started again ends with the weights of an unbroken one (bit-equal on a CPU
with one thread).
"""

from __future__ import annotations

import logging
import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

import torch
from lightning.fabric import Fabric
from torch import Tensor, nn

from lienet.errors import ParamsError, TrainingError
from lienet.images import Pixels
from lienet.params import Objective, Train
from lienet.training.checkpoint import CHECKPOINT_NAME, load_checkpoint, save_checkpoint
from lienet.training.ema import WeightAverage
from lienet.training.objectives import compute_objective
from lienet.training.precision import choose_precision

logger = logging.getLogger(__name__)
Row = dict[str, float | int | None]


class PatchSource(Protocol):
    """Anything that draws the batch of a step."""

    def draw(
        self, *, seed: int, step: int, batch_size: int, patch_px: int, rank: int = 0
    ) -> tuple[Pixels, Pixels]:
        """Return degraded and reference patches, uint8, NHWC."""


@dataclass(frozen=True)
class Assignment:
    """What to train, on what, and where to keep state."""

    train: Train
    objective: Objective
    seed: int
    run_key: str
    patches: PatchSource
    valid_tiles: Sequence[tuple[Pixels, Pixels]]
    state_dir: Path
    on_row: Callable[[Row], None] = lambda row: None
    on_step: Callable[[int], None] = lambda step: None


@dataclass(frozen=True)
class Outcome:
    """A trained model, averaged over its last steps, and how it got there."""

    model: nn.Module
    history: list[Row]
    valid_psnr_db: float | None
    steps_per_s: float


@dataclass
class _Progress:
    """What a checkpoint holds beside weights."""

    step: int = 0
    history: list[Row] = field(default_factory=list)
    sums: dict[str, float] = field(default_factory=dict)


def start_fabric(train: Train) -> Fabric:
    """Set up devices, threads and precision as params ask."""
    if train.batch_size % (train.devices * train.num_nodes):
        raise ParamsError(
            "train.batch_size must divide by devices x num_nodes",
            got=train.batch_size,
            remedy="edit params.yaml",
        )
    if train.num_threads:
        torch.set_num_threads(train.num_threads)
    cuda = train.accelerator != "cpu" and torch.cuda.is_available()
    fabric = Fabric(
        accelerator=train.accelerator,
        devices=train.devices,
        num_nodes=train.num_nodes,
        precision=choose_precision(train.precision, cuda=cuda),
    )
    fabric.launch()
    return fabric


def learning_rate_at(train: Train, step: int) -> float:
    """Return the rate of ``step``: halved every so many steps, so many times (section 2.5)."""
    halvings = min(step // train.lr_halve_every_steps, train.lr_halve_times)
    return train.learning_rate * math.pow(0.5, halvings)


def fit(model: nn.Module, work: Assignment, fabric: Fabric) -> Outcome:
    """Train ``model`` to the end, or from its checkpoint to the end.

    Raises:
        TrainingError: a loss is not finite; the last good checkpoint is left in place.
    """
    train = work.train
    model = model.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    average = WeightAverage(model, decay=train.ema_decay)
    optimizer = torch.optim.Adam(model.parameters(), lr=train.learning_rate, foreach=True)
    progress = _resume(model, average, optimizer, work)
    average.to(fabric.device)
    runner, optimizer = fabric.setup(model, optimizer)
    forward: Any = torch.compile(runner) if train.compile else runner
    started, first = time.perf_counter(), progress.step
    while progress.step < train.steps:
        step = progress.step
        terms = _take_step(forward, optimizer, work, fabric, step)
        average.update(model, step)
        progress.step = step + 1
        for name, value in terms.items():
            progress.sums[name] = progress.sums.get(name, 0.0) + value
        if progress.step % train.log_every_steps == 0 or progress.step == train.steps:
            _log_row(progress, average, model, work, fabric)
        work.on_step(progress.step)
        is_due = progress.step % train.checkpoint_every_steps == 0
        if is_due and progress.step < train.steps and fabric.is_global_zero:
            save_checkpoint(work.state_dir, _state_of(model, average, optimizer, progress, work))
    seconds = time.perf_counter() - started
    average.copy_to(model)
    scores = [row["valid_psnr_db"] for row in progress.history]
    last = next((score for score in reversed(scores) if score is not None), None)
    rate = (progress.step - first) / seconds if progress.step > first else 0.0
    return Outcome(model.eval(), progress.history, last, rate)


def measure_psnr(
    model: nn.Module, tiles: Sequence[tuple[Pixels, Pixels]], fabric: Fabric
) -> float | None:
    """Return the mean RGB PSNR over tiles, after clipping, without rounding; None without tiles."""
    if not tiles:
        return None
    total = 0.0
    with torch.inference_mode(), fabric.autocast():
        for degraded, reference in tiles:
            enhanced = model(_to_batch(degraded[None], fabric)).float().clamp(0.0, 1.0)
            error = (enhanced - _to_batch(reference[None], fabric)).double().square().mean()
            total -= 10.0 * math.log10(max(error.item(), 1e-12))
    return total / len(tiles)


def _take_step(
    forward: Any, optimizer: Any, work: Assignment, fabric: Fabric, step: int
) -> dict[str, float]:
    train = work.train
    rate = learning_rate_at(train, step)
    for group in optimizer.param_groups:
        group["lr"] = rate
    degraded, reference = work.patches.draw(
        seed=work.seed,
        step=step,
        batch_size=train.batch_size // fabric.world_size,
        patch_px=train.patch_px,
        rank=fabric.global_rank,
    )
    enhanced = forward(_to_batch(degraded, fabric)).float()
    loss, terms = compute_objective(work.objective, enhanced, _to_batch(reference, fabric))
    value = loss.item()
    if not math.isfinite(value):
        raise TrainingError(
            f"the loss is not finite at step {step}",
            got=value,
            remedy=f"the last good checkpoint is {work.state_dir / CHECKPOINT_NAME}; "
            "lower train.learning_rate or set train.grad_clip_norm",
        )
    optimizer.zero_grad(set_to_none=True)
    fabric.backward(loss)
    if train.grad_clip_norm is not None:
        fabric.clip_gradients(forward, optimizer, max_norm=train.grad_clip_norm)
    optimizer.step()
    return {"loss": value} | {name: term.item() for name, term in terms.items()}


def _to_batch(pixels: Pixels, fabric: Fabric) -> Tensor:
    """Turn NHWC uint8 into NCHW float32 in [0, 1]; the memory is channels-last as it comes."""
    batch = torch.from_numpy(pixels).to(fabric.device, non_blocking=True)
    return batch.permute(0, 3, 1, 2).float().div_(255.0)


def _log_row(
    progress: _Progress, average: WeightAverage, model: nn.Module, work: Assignment, fabric: Fabric
) -> None:
    train, step = work.train, progress.step
    window = (step - 1) % train.log_every_steps + 1
    row: Row = {"step": step}
    row |= {name: total / window for name, total in progress.sums.items()}
    row["learning_rate"] = learning_rate_at(train, step - 1)
    is_due = step % train.validate_every_steps == 0 or step == train.steps
    row["valid_psnr_db"] = None
    if is_due:
        with average.applied_to(model):
            row["valid_psnr_db"] = measure_psnr(model, work.valid_tiles, fabric)
    progress.sums.clear()
    progress.history.append(row)
    if fabric.is_global_zero:
        work.on_row(row)


def _state_of(
    model: nn.Module,
    average: WeightAverage,
    optimizer: Any,
    progress: _Progress,
    work: Assignment,
) -> dict[str, Any]:
    return {
        "run_key": work.run_key,
        "step": progress.step,
        "model": model.state_dict(),
        "average": average.state_dict(),
        "optimizer": optimizer.state_dict(),
        "history": progress.history,
        "sums": progress.sums,
    }


def _resume(
    model: nn.Module, average: WeightAverage, optimizer: torch.optim.Adam, work: Assignment
) -> _Progress:
    state = load_checkpoint(work.state_dir, run_key=work.run_key)
    if state is None:
        return _Progress()
    model.load_state_dict(state["model"])
    average.load_state_dict(state["average"])
    optimizer.load_state_dict(state["optimizer"])
    logger.info("resuming at step %d of %d", state["step"], work.train.steps)
    return _Progress(step=state["step"], history=state["history"], sums=state["sums"])
