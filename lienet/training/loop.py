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
from functools import partial
from pathlib import Path
from typing import Any, Protocol

import torch
from lightning_fabric import Fabric
from torch import Tensor, nn

from lienet.errors import ParamsError
from lienet.images import Pixels
from lienet.networks.memory_layout import lay_out
from lienet.params import Objective, Train
from lienet.training.adversarial import measure_gradient
from lienet.training.checkpoint import load_checkpoint, save_checkpoint
from lienet.training.divergence import require_finite
from lienet.training.ema import WeightAverage
from lienet.training.objectives import Criterion
from lienet.training.precision import choose_precision
from lienet.training.validation import measure_psnr, to_batch

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
    vgg19_path: Path | None = None
    """VGG19's weights, for an objective with a perceptual loss."""
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
    sums: dict[str, float | Tensor] = field(default_factory=dict)
    """A tensor stays on its device until a row is due: reading it would make the GPU wait."""
    counts: dict[str, int] = field(default_factory=dict)
    """Steps since the last row that each term was part of: the adversarial ones begin later."""

    def add(self, terms: dict[str, float | Tensor]) -> None:
        for name, value in terms.items():
            self.sums[name] = self.sums.get(name, 0.0) + value
            self.counts[name] = self.counts.get(name, 0) + 1

    def take_means(self) -> dict[str, float]:
        means = {name: float(total) / self.counts[name] for name, total in self.sums.items()}
        self.sums.clear()
        self.counts.clear()
        return means


@dataclass(frozen=True)
class _Trainee:
    """Everything that learns."""

    model: nn.Module
    average: WeightAverage
    optimizer: Any
    criterion: Criterion


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
        TrainingError: a loss or gradient is not finite, or the discriminator has collapsed; the
            last good checkpoint is left in place.
        ModelError: VGG19's weights are not what they should be.
    """
    train = work.train
    lay_out(model)
    average = WeightAverage(model, decay=train.ema_decay)
    optimizer = torch.optim.Adam(model.parameters(), lr=train.learning_rate, foreach=True)
    criterion = Criterion(
        work.objective,
        ema_decay=train.ema_decay,
        seed=work.seed,
        fabric=fabric,
        vgg19_path=work.vgg19_path,
    )
    trainee = _Trainee(model, average, optimizer, criterion)
    progress = _resume(trainee, work)
    average.to(fabric.device)
    runner, stepper = fabric.setup(model, optimizer)
    forward: Any = torch.compile(runner) if train.compile else runner
    started, first = time.perf_counter(), progress.step
    while progress.step < train.steps:
        step = progress.step
        progress.add(_take_step(forward, stepper, criterion, work, fabric, step))
        average.update(model, step)
        progress.step = step + 1
        if progress.step % train.log_every_steps == 0 or progress.step == train.steps:
            _log_row(progress, trainee, work, fabric)
        work.on_step(progress.step)
        is_due = progress.step % train.checkpoint_every_steps == 0
        if is_due and progress.step < train.steps and fabric.is_global_zero:
            _keep_good(progress, trainee, work)
    seconds = time.perf_counter() - started
    average.copy_to(model)
    scores = [row["valid_psnr_db"] for row in progress.history]
    last = next((score for score in reversed(scores) if score is not None), None)
    rate = (progress.step - first) / seconds if progress.step > first else 0.0
    return Outcome(model.eval(), progress.history, last, rate)


def _take_step(
    forward: Any, optimizer: Any, criterion: Criterion, work: Assignment, fabric: Fabric, step: int
) -> dict[str, float | Tensor]:
    """Take one step of the network, then one of its adversary, and return what is logged."""
    train = work.train
    rate = learning_rate_at(train, step)
    for group in optimizer.param_groups:
        group["lr"] = rate
    degraded, reference = (
        to_batch(pixels, fabric)
        for pixels in work.patches.draw(
            seed=work.seed,
            step=step,
            batch_size=train.batch_size // fabric.world_size,
            patch_px=train.patch_px,
            rank=fabric.global_rank,
        )
    )
    enhanced = forward(degraded).float()
    loss, terms = criterion.compute(enhanced, reference, step=step)
    told = {name: term.item() for name, term in ({"loss": loss} | terms).items()}
    check = partial(require_finite, step=step, state_dir=work.state_dir)
    check(told)
    optimizer.zero_grad(set_to_none=True)
    fabric.backward(loss)
    norm = None
    if train.grad_clip_norm is not None:
        norm = fabric.clip_gradients(forward, optimizer, max_norm=train.grad_clip_norm)
    if norm is None:
        norm = measure_gradient(forward)
    optimizer.step()
    halving = rate / train.learning_rate
    opposed = criterion.learn(enhanced, reference, step=step, halving=halving, check=check)
    return {**told, "gradient_norm": norm, **opposed}


def _log_row(progress: _Progress, trainee: _Trainee, work: Assignment, fabric: Fabric) -> None:
    train, step, criterion = work.train, progress.step, trainee.criterion
    means = progress.take_means()
    require_finite(means, step=step - 1, state_dir=work.state_dir)
    row: Row = {"step": step, **means}
    row["learning_rate"] = learning_rate_at(train, step - 1)
    row["valid_psnr_db"] = None
    if step % train.validate_every_steps == 0 or step == train.steps:
        with trainee.average.applied_to(trainee.model):
            row["valid_psnr_db"] = measure_psnr(trainee.model, work.valid_tiles, fabric)
            row |= criterion.validate(trainee.model, work.valid_tiles, step=step - 1)
    progress.history.append(row)
    if fabric.is_global_zero:
        work.on_row(row)
    criterion.watch(row, step=step - 1, state_dir=work.state_dir)


def _keep_good(progress: _Progress, trainee: _Trainee, work: Assignment) -> None:
    """Write a checkpoint, unless the run may have gone wrong since the last one."""
    sums = {name: float(total) for name, total in progress.sums.items()}
    require_finite(sums, step=progress.step - 1, state_dir=work.state_dir)
    if not trainee.criterion.is_doubtful:
        save_checkpoint(work.state_dir, _state_of(trainee, progress, work))


def _state_of(trainee: _Trainee, progress: _Progress, work: Assignment) -> dict[str, Any]:
    return {
        "run_key": work.run_key,
        "step": progress.step,
        "model": trainee.model.state_dict(),
        "average": trainee.average.state_dict(),
        "optimizer": trainee.optimizer.state_dict(),
        "criterion": trainee.criterion.state_dict(),
        "history": progress.history,
        "sums": progress.sums,
        "counts": progress.counts,
    }


def _resume(trainee: _Trainee, work: Assignment) -> _Progress:
    state = load_checkpoint(work.state_dir, run_key=work.run_key)
    if state is None:
        return _Progress()
    trainee.model.load_state_dict(state["model"])
    trainee.average.load_state_dict(state["average"])
    trainee.optimizer.load_state_dict(state["optimizer"])
    trainee.criterion.load_state_dict(state["criterion"])
    logger.info("resuming at step %d of %d", state["step"], work.train.steps)
    return _Progress(
        **{name: state[name] for name in ("step", "history", "sums", "counts")},
    )
