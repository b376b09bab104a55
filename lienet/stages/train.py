"""Stage train: shards in, weights, card and history out."""

from __future__ import annotations

import csv
import io
import logging

import torch
from lightning.fabric import Fabric
from rich.console import Console
from rich.progress import Progress

from lienet.data.patches import PatchStore, PatchStream, read_tiles
from lienet.data.shards import read_index
from lienet.files import sha256_of_json, write_text
from lienet.models.registry import ModelCard, build_model, count_parameters, save_model
from lienet.params import BicubicModel, Model, Objective, Params
from lienet.tracking.runs import Tracker, track_run
from lienet.training.checkpoint import remove_checkpoint
from lienet.training.loop import Assignment, Outcome, Row, fit, start_fabric
from lienet.workspace import Workspace

logger = logging.getLogger(__name__)
HISTORY_COLUMNS = ("step", "loss", "pixel_loss", "ssim_loss", "learning_rate", "valid_psnr_db")
NOT_OF_THE_RUN = {"log_every_steps", "checkpoint_every_steps", "objectives", "overrides"}
"""Train params that change no weight, or that are taken up by name."""


def list_items(params: Params) -> list[str]:
    """Return the keys of the models."""
    return list(params.models)


def run(params: Params, workspace: Workspace, item: str) -> None:
    """Train one model, or take it up where a killed run stopped."""
    spec = params.models[item]
    shards_dir = workspace.shards_dir(spec.task)
    hashes = {split: read_index(shards_dir / split).sha256 for split in ("train", "valid")}
    run_key = find_run_key(params, spec, hashes)
    train = params.train.for_task(spec.task)
    torch.manual_seed(params.seed)
    model = build_model(spec)
    num_params = count_parameters(model)
    fabric = start_fabric(train) if num_params else None
    if fabric is not None and not fabric.is_global_zero:
        _fit(model, params, spec, workspace, run_key, fabric, tracker=None)
        return  # the first process writes and tracks
    logger.info("%s: %d parameters, %d steps", item, num_params, train.steps)
    with track_run(
        workspace, task=spec.task, model=spec.name, run_key=run_key, profile=params.profile
    ) as tracker:
        _describe(tracker, params, spec, num_params)
        outcome = Outcome(model, [], None, 0.0)
        if fabric is not None:
            outcome = _fit(model, params, spec, workspace, run_key, fabric, tracker)
        card = ModelCard(
            task=spec.task,
            name=spec.name,
            architecture=spec.architecture,
            spec=spec.model_dump(),
            scale=spec.scale,
            num_params=num_params,
            steps=train.steps if num_params else 0,
            seed=params.seed,
            data_sha256=hashes,
            run_key=run_key,
            weights_sha256="",
            valid_psnr_db=outcome.valid_psnr_db,
        )
        model_dir = workspace.model_dir(spec.task, spec.name)
        save_model(model_dir, outcome.model, card)
        write_text(model_dir / "history.csv", _format_history(outcome.history))
        tracker.log_artifact(model_dir / "history.csv")
    remove_checkpoint(workspace.checkpoint_dir(spec.task, spec.name))


def find_run_key(params: Params, spec: Model, data_sha256: dict[str, str]) -> str:
    """Return what names a run: the same for the same params that change weights, and data."""
    objective = find_objective(params, spec)
    return sha256_of_json(
        {
            "seed": params.seed,
            "train": params.train.for_task(spec.task).model_dump(exclude=NOT_OF_THE_RUN),
            "objective": objective.model_dump() if objective else None,
            "model": spec.model_dump(),
            "data": data_sha256,
        }
    )


def find_objective(params: Params, spec: Model) -> Objective | None:
    """Return what a model minimises; None for one that learns nothing."""
    return None if isinstance(spec, BicubicModel) else params.train.objectives[spec.objective]


def _fit(
    model: torch.nn.Module,
    params: Params,
    spec: Model,
    workspace: Workspace,
    run_key: str,
    fabric: Fabric,
    tracker: Tracker | None,
) -> Outcome:
    train = params.train.for_task(spec.task)
    objective = find_objective(params, spec)
    assert objective is not None, "a model with parameters minimises something"
    shards_dir = workspace.shards_dir(spec.task)
    source = PatchStore if train.store == "memory" else PatchStream
    with Progress(console=Console(stderr=True), disable=tracker is None, transient=True) as bar:
        steps = bar.add_task(spec.name, total=train.steps)
        work = Assignment(
            train=train,
            objective=objective,
            seed=params.seed,
            run_key=run_key,
            patches=source.load(shards_dir / "train", scale=spec.scale),
            valid_tiles=read_tiles(
                shards_dir / "valid", scale=spec.scale, max_tiles=train.max_valid_tiles
            ),
            state_dir=workspace.checkpoint_dir(spec.task, spec.name),
            on_row=lambda row: _tell(row, spec.name, tracker),
            on_step=lambda step: bar.update(steps, completed=step),
        )
        outcome = fit(model, work, fabric)
    if tracker is not None:
        logger.info("%s: %.1f steps/s", spec.name, outcome.steps_per_s)
        tracker.log_metrics({"steps_per_s": outcome.steps_per_s})
    return outcome


def _tell(row: Row, name: str, tracker: Tracker | None) -> None:
    step = int(row["step"] or 0)
    if tracker is not None:
        metrics = {key: value for key, value in row.items() if key != "step" and value is not None}
        tracker.log_metrics(metrics, step=step)
    if row["valid_psnr_db"] is not None:
        scores = (row["loss"], row["valid_psnr_db"])
        logger.info("%s: step %d, loss %.5f, validation PSNR %.3f dB", name, step, *scores)


def _describe(tracker: Tracker, params: Params, spec: Model, num_params: int) -> None:
    tracker.log_params({"seed": params.seed})
    tracker.log_params({f"model.{name}": value for name, value in spec.model_dump().items()})
    train = params.train.for_task(spec.task).model_dump(exclude={"objectives", "overrides"})
    tracker.log_params({f"train.{name}": value for name, value in train.items()})
    if (objective := find_objective(params, spec)) is not None:
        tracker.log_params({"objective": objective.model_dump()})
    tracker.log_metrics({"num_params": float(num_params)})


def _format_history(history: list[Row]) -> str:
    stream = io.StringIO()
    writer = csv.DictWriter(stream, HISTORY_COLUMNS, restval="", lineterminator="\n")
    writer.writeheader()
    writer.writerows(
        {name: "" if value is None else value for name, value in row.items()} for row in history
    )
    return stream.getvalue()
