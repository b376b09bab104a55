"""The training loop: ours, with devices and precision in Lightning Fabric's hands.

Every random choice is drawn from (seed, step), and a checkpoint holds the rest, so a run that is
killed at any step and started again ends with the weights of an unbroken one (bit-equal on a CPU
with one thread).
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

import torch
from lightning_fabric import Fabric
from torch import Tensor, nn
from torch.optim import Adam

from lienet.errors import ParamsError
from lienet.images import Pixels
from lienet.networks.auxiliary import HasAuxiliaryLosses
from lienet.networks.eight_bits import round_in_training
from lienet.networks.memory_layout import lay_out
from lienet.params import Objective, Train
from lienet.shards.patch_sampling import BatchRequest
from lienet.training.allocator import keep_freed_memory
from lienet.training.auxiliary import AuxiliaryObjective
from lienet.training.best_weights import BestWeights
from lienet.training.checkpoint import load_checkpoint, save_checkpoint
from lienet.training.compilation import compiling
from lienet.training.divergence import require_finite
from lienet.training.ema import WeightAverage
from lienet.training.meters import Meter
from lienet.training.objectives import Criterion
from lienet.training.optimizers import make_adam, take_up
from lienet.training.precision import FABRIC_NAMES, Precision
from lienet.training.step import TrainingStep, learning_rate_at
from lienet.training.validation import measure_psnr, to_batch

logger = logging.getLogger(__name__)
Row = dict[str, float | int | None]


class PatchSource(Protocol):
    """Anything that draws the batch of a step."""

    def draw(self, asked: BatchRequest) -> tuple[Pixels, Pixels] | tuple[Tensor, Tensor]:
        """Return a rank's share of degraded and reference patches, uint8, NHWC."""


class TargetSource(Protocol):
    """Anything that draws what a network is to learn of a step's batch beside its references."""

    def draw(self, asked: BatchRequest) -> Tensor:
        """Return a rank's share of targets, float32, on the processor."""


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
    targets: Sequence[TargetSource] = ()
    """What the network's own losses take beside a pair."""
    quantised: bool = False
    """Round as the file in eight bits will (:mod:`lienet.networks.eight_bits`)."""
    vgg19_path: Path | None = None
    """VGG19's weights, for an objective with a perceptual loss."""
    on_row: Callable[[Row], None] = lambda row: None
    on_step: Callable[[int], None] = lambda step: None

    def ask(self, step: int, *, rank: int = 0, num_ranks: int = 1) -> BatchRequest:
        """Return the request for the batch of a step."""
        train = self.train
        return BatchRequest(self.seed, step, train.batch_size, train.patch_px, rank, num_ranks)

    def example(self, fabric: Fabric) -> Tensor:
        """Return an input of the shape that a rank's batches have."""
        count, side_px = self.train.batch_size // fabric.world_size, self.train.patch_px
        return torch.zeros(count, 3, side_px, side_px, device=fabric.device)


@dataclass(frozen=True)
class Outcome:
    """A trained model, averaged over steps, and how it got there."""

    model: nn.Module
    history: list[Row]
    valid_psnr_db: float | None
    kept_step: int
    """How many steps its weights learnt for: the last, or the best by validation."""
    steps_per_s: float


@dataclass
class _Progress:
    """What a checkpoint holds beside weights."""

    meter: Meter
    step: int = 0
    history: list[Row] = field(default_factory=list)


@dataclass(frozen=True)
class _Trainee:
    """Everything that learns."""

    model: nn.Module
    average: WeightAverage
    optimizer: Adam
    criterion: Criterion
    best: BestWeights
    rounded: nn.Module | None
    """The same network with its values rounded, which then is what runs."""


def start_fabric(train: Train, precision: Precision) -> Fabric:
    """Set up devices and threads as params ask, and a number format."""
    if train.batch_size % (train.devices * train.num_nodes):
        raise ParamsError(
            "train.batch_size must divide by devices x num_nodes",
            got=train.batch_size,
            remedy="edit params.yaml",
        )
    keep_freed_memory()
    if train.num_threads:
        torch.set_num_threads(train.num_threads)
    torch.backends.cudnn.benchmark = True  # patches are of one size: its best kernels are kept
    fabric = Fabric(
        accelerator=train.accelerator,
        devices=train.devices,
        num_nodes=train.num_nodes,
        precision=FABRIC_NAMES[precision],
    )
    fabric.launch()
    return fabric


def fit(model: nn.Module, work: Assignment, fabric: Fabric) -> Outcome:
    """Train ``model`` to the end, or from its checkpoint to the end.

    Raises:
        TrainingError: a loss or gradient is not finite, or the discriminator has collapsed; the
            last good checkpoint is left in place.
        ModelError: VGG19's weights are not what they should be.
    """
    train = work.train
    lay_out(model.to(fabric.device))
    trainee = _Trainee(
        model,
        WeightAverage(model, decay=train.ema_decay),
        make_adam(model.parameters(), learning_rate=train.learning_rate, device=fabric.device),
        Criterion(
            work.objective,
            ema_decay=train.ema_decay,
            seed=work.seed,
            fabric=fabric,
            vgg19_path=work.vgg19_path,
        ),
        BestWeights(),
        round_in_training(model.train(), work.example(fabric)) if work.quantised else None,
    )
    progress = _resume(trainee, work, fabric)
    runner, optimizer = fabric.setup(trainee.rounded or model, trainee.optimizer)
    started, first = time.perf_counter(), progress.step
    with compiling(runner, asked=train.compile) as forward:
        stepper = TrainingStep(
            forward,
            optimizer,
            trainee.criterion,
            train=train,
            fabric=fabric,
            auxiliary=(
                AuxiliaryObjective(model, seed=work.seed, fabric=fabric)
                if isinstance(model, HasAuxiliaryLosses)
                else None
            ),
        )
        while progress.step < train.steps:
            _advance(progress, stepper, trainee, work, fabric)
    seconds = time.perf_counter() - started
    rate = (progress.step - first) / seconds if progress.step > first else 0.0
    if train.keep == "best":
        trainee.best.copy_to(model)
        kept_step = trainee.best.step
    else:
        trainee.average.copy_to(model)
        kept_step = progress.step
    scores = {row["step"]: row["valid_psnr_db"] for row in progress.history}
    return Outcome(model.eval(), progress.history, scores[kept_step], kept_step, rate)


def _advance(
    progress: _Progress,
    stepper: TrainingStep,
    trainee: _Trainee,
    work: Assignment,
    fabric: Fabric,
) -> None:
    """Take a step, then log a row and keep a checkpoint where they are due."""
    train, step = work.train, progress.step
    asked = work.ask(step, rank=fabric.global_rank, num_ranks=fabric.world_size)
    drawn = work.patches.draw(asked)
    degraded, reference = (to_batch(pixels, fabric) for pixels in drawn)
    targets = [source.draw(asked).to(fabric.device) for source in work.targets]
    progress.meter.add(stepper.take(degraded, reference, *targets, step=step), step=step)
    trainee.average.update(trainee.model, step)
    trainee.criterion.update_average(step)
    progress.step = step + 1
    if progress.step % train.log_every_steps == 0 or progress.step == train.steps:
        _log_row(progress, trainee, work, fabric)
    work.on_step(progress.step)
    if progress.step % train.checkpoint_every_steps == 0 and progress.step < train.steps:
        _keep_good(progress, trainee, work, fabric)


def _log_row(progress: _Progress, trainee: _Trainee, work: Assignment, fabric: Fabric) -> None:
    train, step, criterion = work.train, progress.step, trainee.criterion
    progress.meter.check(state_dir=work.state_dir)
    means = progress.meter.take_means()
    require_finite(means, step=step - 1, state_dir=work.state_dir)
    row: Row = {"step": step, **means}
    row["learning_rate"] = learning_rate_at(train, step - 1)
    row["valid_psnr_db"] = None
    if step % train.validate_every_steps == 0 or step == train.steps:
        row |= _validate(trainee, work, fabric, step=step - 1)
        if train.keep == "best":
            psnr_db = row["valid_psnr_db"]
            trainee.best.offer(trainee.average.state_dict(), step=step, psnr_db=psnr_db)
    progress.history.append(row)
    if fabric.is_global_zero:
        work.on_row(row)
    criterion.watch(row, step=step - 1, state_dir=work.state_dir)


def _validate(trainee: _Trainee, work: Assignment, fabric: Fabric, *, step: int) -> Row:
    """Return what the first process finds of the averaged weights; the others wait for it."""
    found: Row = {}
    if fabric.is_global_zero:
        with trainee.average.applied_to(trainee.model):
            found["valid_psnr_db"] = measure_psnr(trainee.model, work.valid_tiles, fabric)
            found |= trainee.criterion.validate(trainee.model, work.valid_tiles, step=step)
    told: Row = fabric.broadcast(found)
    return told


def _keep_good(progress: _Progress, trainee: _Trainee, work: Assignment, fabric: Fabric) -> None:
    """Write a checkpoint, unless the run may have gone wrong since the last one."""
    progress.meter.check(state_dir=work.state_dir)
    state = _state_of(trainee, progress, work)
    if fabric.is_global_zero and not trainee.criterion.is_doubtful:
        save_checkpoint(work.state_dir, state)


def _state_of(trainee: _Trainee, progress: _Progress, work: Assignment) -> dict[str, Any]:
    return {
        "run_key": work.run_key,
        "step": progress.step,
        "model": trainee.model.state_dict(),
        "average": trainee.average.state_dict(),
        "optimizer": trainee.optimizer.state_dict(),
        "criterion": trainee.criterion.state_dict(),
        "rounded": None if trainee.rounded is None else trainee.rounded.state_dict(),
        "best": trainee.best.state_dict(),
        "history": progress.history,
        **progress.meter.state_dict(),
    }


def _resume(trainee: _Trainee, work: Assignment, fabric: Fabric) -> _Progress:
    progress = _Progress(Meter(fabric))
    state = load_checkpoint(work.state_dir, run_key=work.run_key)
    if state is None:
        return progress
    trainee.model.load_state_dict(state["model"])
    trainee.average.load_state_dict(state["average"])
    trainee.average.to(fabric.device)
    take_up(trainee.optimizer, state["optimizer"])
    trainee.criterion.load_state_dict(state["criterion"])
    if trainee.rounded is not None:
        trainee.rounded.load_state_dict(state["rounded"])
    trainee.best.load_state_dict(state["best"])
    progress.meter.load_state_dict(state)
    progress.step, progress.history = state["step"], state["history"]
    logger.info("resuming at step %d of %d", progress.step, work.train.steps)
    return progress
