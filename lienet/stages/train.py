"""Stage train: shards in, weights, card and history out."""

from __future__ import annotations

import logging
from pathlib import Path

import torch
from lightning_fabric import Fabric

from lienet.errors import ParamsError
from lienet.files import write_text
from lienet.networks.registry import ModelCard, build_model, count_parameters, save_model
from lienet.params import Model, Params
from lienet.progress import ProgressBar
from lienet.shards.patches import PatchStore, PatchStream, read_tiles
from lienet.shards.reading import read_index
from lienet.tracking.live import LiveRun, follow_training
from lienet.training.checkpoint import remove_checkpoint
from lienet.training.history import format_history
from lienet.training.loop import Assignment, Outcome, Row, fit, start_fabric
from lienet.training.permission import check_permission
from lienet.training.run_key import describe_training, find_run_key, find_vgg19
from lienet.workspace import HISTORY_NAME, Workspace

logger = logging.getLogger(__name__)


def list_items(params: Params) -> list[str]:
    """Return the keys of the models."""
    return list(params.models)


def run(params: Params, workspace: Workspace, item: str) -> None:
    """Train one model, or take it up where a killed run stopped.

    Raises:
        DataError: the shards are missing or broken, or licences do not permit the intended use.
        ParamsError: the network has no weights.
        ToolError: VGG19's weights are asked for and are not there.
    """
    spec = params.models[item]
    shards_dir = workspace.shards_dir(spec.task)
    indexes = {split: read_index(shards_dir / split) for split in ("train", "valid")}
    check_permission(item, params.intended_use, indexes.values())
    hashes = {split: index.sha256 for split, index in indexes.items()}
    vgg19_path = find_vgg19(params, spec, workspace)
    run_key = find_run_key(params, spec, hashes, vgg19_path)
    train = params.train.for_task(spec.task)
    torch.manual_seed(params.seed)
    model = build_model(spec)
    num_params = count_parameters(model)
    if not num_params:
        raise ParamsError(
            f"models.{item} has no weights to train", got=spec.architecture, remedy="leave it out"
        )
    fabric = start_fabric(train)
    if not fabric.is_global_zero:
        _fit(model, params, spec, workspace, run_key, vgg19_path, fabric, live=None)
        return  # the first process writes and tracks
    logger.info("%s: %d parameters, %d steps", item, num_params, train.steps)
    training = describe_training(params, spec, vgg19_path)
    described = {"seed": params.seed, "model": spec.model_dump(), **training}
    with follow_training(params, workspace, item, run_key, described) as live:
        outcome = _fit(model, params, spec, workspace, run_key, vgg19_path, fabric, live)
        card = ModelCard(
            task=spec.task,
            name=spec.name,
            architecture=spec.architecture,
            spec=spec.model_dump(),
            scale=spec.scale,
            num_params=num_params,
            steps=train.steps,
            seed=params.seed,
            data_sha256=hashes,
            run_key=run_key,
            weights_sha256="",
            valid_psnr_db=outcome.valid_psnr_db,
            training=training,
        )
        model_dir = workspace.model_dir(spec.task, spec.name)
        save_model(model_dir, outcome.model, card)
        write_text(model_dir / HISTORY_NAME, format_history(outcome.history))
    remove_checkpoint(workspace.checkpoint_dir(spec.task, spec.name))


def _fit(
    model: torch.nn.Module,
    params: Params,
    spec: Model,
    workspace: Workspace,
    run_key: str,
    vgg19_path: Path | None,
    fabric: Fabric,
    live: LiveRun | None,
) -> Outcome:
    train = params.train.for_task(spec.task)
    objective = params.train.objectives[spec.objective]
    shards_dir = workspace.shards_dir(spec.task)
    open_patches = PatchStore.load if train.store == "memory" else PatchStream
    with ProgressBar(spec.name, noun="steps", total=train.steps) as bar:
        work = Assignment(
            train=train,
            objective=objective,
            seed=params.seed,
            run_key=run_key,
            patches=open_patches(shards_dir / "train", scale=spec.scale),
            valid_tiles=read_tiles(
                shards_dir / "valid", scale=spec.scale, max_tiles=train.max_valid_tiles
            ),
            state_dir=workspace.checkpoint_dir(spec.task, spec.name),
            vgg19_path=vgg19_path,
            on_row=lambda row: _report(row, spec.name, live),
            on_step=bar.update if live is not None else lambda step: None,
        )
        outcome = fit(model, work, fabric)
    if live is not None:
        logger.info("%s: %.1f steps/s", spec.name, outcome.steps_per_s)
        live.log_measurement("steps_per_s", outcome.steps_per_s)
    return outcome


def _report(row: Row, name: str, live: LiveRun | None) -> None:
    if live is not None:
        live.log_row(row)
    if row["valid_psnr_db"] is not None:
        scores = (row["step"], row["loss"], row["valid_psnr_db"])
        logger.info("%s: step %d, loss %.5f, validation PSNR %.3f dB", name, *scores)
