"""Stage train: shards in, weights, card and history out."""

from __future__ import annotations

import logging
from dataclasses import replace
from functools import partial
from pathlib import Path

import torch
from lightning_fabric import Fabric

from lienet.errors import ParamsError
from lienet.executors import count_workers
from lienet.files import write_text
from lienet.networks.registry import ModelCard, build_model, count_parameters, save_model
from lienet.params import Model, Params, Train
from lienet.progress import ProgressBar, throttle
from lienet.screening.model_files import find_shipped_model
from lienet.shards.patches import PatchStore, PatchStream, read_tiles
from lienet.shards.prefetching import PrefetchedPatches
from lienet.shards.reading import read_index
from lienet.tracking.live import LiveRun, follow_training
from lienet.training.checkpoint import read_run_key, remove_checkpoint
from lienet.training.device_patches import keep_on_gpu
from lienet.training.fine_tuning import load_start
from lienet.training.history import format_history
from lienet.training.landmarks import DETECTOR_SHA256, LandmarkMaps, find_landmarks
from lienet.training.loop import Assignment, Outcome, PatchSource, Row, fit, start_fabric
from lienet.training.permission import check_permission
from lienet.training.precision import FABRIC_NAMES, Precision, choose_precision
from lienet.training.run_key import describe_training, find_run_key, find_vgg19
from lienet.training.trial import time_step
from lienet.workspace import HISTORY_NAME, Workspace

logger = logging.getLogger(__name__)
_NOT_OF_THE_STEP = {"name", "seed", "learning_rate", "fine_tuning"}
"""What an entry of params says that no training step is faster or slower by: seeds of a network,
which are compared as one row, then train in one number format."""


def list_items(params: Params) -> list[str]:
    """Return the keys of the models."""
    return list(params.models)


def run(params: Params, workspace: Workspace, item: str) -> None:
    """Train one model, or take it up where a killed run stopped.

    Raises:
        DataError: the shards are missing or broken, or licences do not permit the intended use.
        ModelError: the weights to start from are missing, or others.
        ParamsError: the network has no weights, or learns landmarks of tiles that are streamed.
        ToolError: VGG19's weights are asked for and are not there, or what rounds is not installed.
    """
    spec = params.models[item]
    shards_dir = workspace.shards_dir(spec.task)
    indexes = {split: read_index(shards_dir / split) for split in ("train", "valid")}
    check_permission(item, params.intended_use, indexes.values())
    hashes = {split: index.sha256 for split, index in indexes.items()}
    vgg19_path = find_vgg19(params, spec, workspace)
    train = params.training_of(spec)
    torch.manual_seed(params.seed_of(spec))
    model = build_model(spec)
    num_params = count_parameters(model)
    if not num_params:
        raise ParamsError(
            f"models.{item} has no weights to train", got=spec.architecture, remedy="leave it out"
        )
    if spec.fine_tuning is not None:
        load_start(model, spec.fine_tuning, workspace.root)
    work = _prepare(params, spec, workspace, vgg19_path)
    precision = _settle_precision(params, spec, workspace, hashes, model, work)
    run_key = find_run_key(params, spec, hashes, vgg19_path, precision)
    work = replace(work, run_key=run_key)
    fabric = start_fabric(train, precision)
    if isinstance(work.patches, PatchStore):
        work = replace(work, patches=keep_on_gpu(work.patches, fabric.device))
    if not fabric.is_global_zero:
        fit(model, work, fabric)
        return  # the first process writes and tracks
    logger.info("%s: %d parameters, %d steps", item, num_params, train.steps)
    training = describe_training(params, spec, vgg19_path, precision)
    described = {"seed": params.seed_of(spec), "model": spec.model_dump(), **training}
    with follow_training(params, workspace, item, run_key, described) as live:
        outcome = _fit(model, work, fabric, spec.name, live)
        kept = outcome.kept_step
        card = ModelCard(
            task=spec.task,
            name=spec.name,
            architecture=spec.architecture,
            spec=spec.model_dump(),
            scale=spec.scale,
            num_params=num_params,
            steps=train.steps,
            seed=params.seed_of(spec),
            data_sha256=hashes,
            run_key=run_key,
            weights_sha256="",
            valid_psnr_db=outcome.valid_psnr_db,
            training=training | ({"kept_step": kept} if train.keep == "best" else {}),
        )
        model_dir = workspace.model_dir(spec.task, spec.name)
        save_model(model_dir, outcome.model, card)
        write_text(model_dir / HISTORY_NAME, format_history(outcome.history))
    remove_checkpoint(workspace.checkpoint_dir(spec.task, spec.name))


def _prepare(
    params: Params, spec: Model, workspace: Workspace, vgg19_path: Path | None
) -> Assignment:
    """Open the data; the run's key is not known yet."""
    train = params.training_of(spec)
    shards_dir = workspace.shards_dir(spec.task)
    patches = _open_patches(params, train, shards_dir / "train", scale=spec.scale)
    return Assignment(
        train=train,
        objective=params.train.objectives[spec.objective],
        seed=params.seed_of(spec),
        run_key="",
        patches=patches,
        targets=[_find_landmarks(patches, spec)] if spec.learns_landmarks else (),
        valid_tiles=read_tiles(
            shards_dir / "valid", scale=spec.scale, max_tiles=train.max_valid_tiles
        ),
        state_dir=workspace.checkpoint_dir(spec.task, spec.name),
        vgg19_path=vgg19_path,
        quantised=spec.fine_tuning is not None and spec.fine_tuning.quantised,
    )


def _open_patches(params: Params, train: Train, split_dir: Path, *, scale: int) -> PatchSource:
    num_threads = max(1, count_workers(params.num_workers) // train.devices)
    if train.store == "memory":
        return PatchStore.load(split_dir, scale=scale, num_threads=num_threads)
    return PrefetchedPatches(PatchStream(split_dir, scale=scale, num_threads=num_threads))


def _find_landmarks(patches: PatchSource, spec: Model) -> LandmarkMaps:
    if not isinstance(patches, PatchStore):
        raise ParamsError(
            f"the architecture {spec.architecture} learns landmarks of tiles in memory",
            got="train.store: stream",
            remedy="set train.store to memory",
        )
    detector = replace(find_shipped_model("alignment"), sha256=DETECTOR_SHA256)
    detector.read()  # it is what its hash says
    references = [reference for _, reference in patches.tiles]
    landmarks = find_landmarks(references, detector.locate())
    num_faces = sum(points is not None for points in landmarks)
    logger.info("%s: landmarks of %d faces in %d tiles", spec.name, num_faces, len(references))
    return LandmarkMaps(patches, landmarks)


def _settle_precision(
    params: Params,
    spec: Model,
    workspace: Workspace,
    hashes: dict[str, str],
    model: torch.nn.Module,
    work: Assignment,
) -> Precision:
    """Return the number format: a begun run's own, on whatever machine it goes on."""
    train = work.train
    if train.precision == "auto" and (begun := read_run_key(work.state_dir)) is not None:
        for precision in FABRIC_NAMES:
            if find_run_key(params, spec, hashes, work.vgg19_path, precision) == begun:
                return precision
    of_the_step = ("batch_size", "patch_px", "num_threads", "compile", "grad_clip_norm")
    return choose_precision(
        "fp32" if work.quantised else train.precision,  # bf16 would round what is rounded already
        cuda=train.accelerator != "cpu" and torch.cuda.is_available(),
        subject={
            "model": spec.model_dump(exclude=_NOT_OF_THE_STEP),
            "objective": work.objective.model_dump(),
            **{name: getattr(train, name) for name in of_the_step},
        },
        notes_dir=workspace.state_dir / "precision",
        time_step=(
            partial(time_step, model, work) if train.devices * train.num_nodes == 1 else None
        ),
    )


def _fit(
    model: torch.nn.Module, work: Assignment, fabric: Fabric, name: str, live: LiveRun
) -> Outcome:
    with ProgressBar(name, noun="steps", total=work.train.steps) as bar:
        followed = replace(
            work, on_row=lambda row: _report(row, name, live), on_step=throttle(bar.update)
        )
        outcome = fit(model, followed, fabric)
    logger.info("%s: %.1f steps/s", name, outcome.steps_per_s)
    if work.train.keep == "best":
        told = (name, outcome.kept_step, outcome.valid_psnr_db)
        logger.info("%s: kept the weights of step %d, validation PSNR %.3f dB", *told)
    live.log_measurement("steps_per_s", outcome.steps_per_s)
    return outcome


def _report(row: Row, name: str, live: LiveRun) -> None:
    live.log_row(row)
    if row["valid_psnr_db"] is not None:
        scores = (row["step"], row["loss"], row["valid_psnr_db"])
        logger.info("%s: step %d, loss %.5f, validation PSNR %.3f dB", name, *scores)
