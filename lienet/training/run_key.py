"""What decides a training run: its params, its data and VGG19's weights, in one key."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from lienet.errors import ToolError
from lienet.files import sha256_of_file, sha256_of_json
from lienet.params import Model, Params
from lienet.training.precision import Precision
from lienet.workspace import Workspace

_NOT_OF_THE_RUN = {"log_every_steps", "checkpoint_every_steps", "objectives", "overrides"}
"""Train params that change no weight, or that are taken up by name."""


def find_run_key(
    params: Params,
    spec: Model,
    data_sha256: dict[str, str],
    vgg19_path: Path | None,
    precision: Precision,
) -> str:
    """Return what names a run: the same for the same params that change weights, and data."""
    return sha256_of_json(
        {
            "seed": params.seed_of(spec),
            **describe_training(params, spec, vgg19_path, precision),
            "model": spec.model_dump(),
            "data": data_sha256,
        }
    )


def describe_training(
    params: Params, spec: Model, vgg19_path: Path | None, precision: Precision
) -> dict[str, Any]:
    """Return the params of training that change weights, and those of the objective.

    VGG19's weights count by their content, wherever they lie, and the number format by what it is,
    not by what params ask for.
    """
    minimised = params.train.objectives[spec.objective].model_dump()
    if minimised["perceptual"] and vgg19_path is not None:
        minimised["perceptual"]["weights"] = sha256_of_file(vgg19_path)
    train = params.training_of(spec).model_dump(exclude=_NOT_OF_THE_RUN)
    return {"train": train | {"precision": precision}, "objective": minimised}


def find_vgg19(params: Params, spec: Model, workspace: Workspace) -> Path | None:
    """Return the file of VGG19's weights; None where the model's objective has no use for it.

    It is the one that params name, else the published one, which the stage download fetches.

    Raises:
        ToolError: the file does not exist.
    """
    perceptual = params.train.objectives[spec.objective].perceptual
    if perceptual is None:
        return None
    if named := perceptual.weights:
        path = workspace.root / Path(named).expanduser()
        remedy = f"correct train.objectives.{spec.objective}.perceptual.weights"
    else:
        path = next(workspace.vgg19_dir.glob("*"), workspace.vgg19_dir)
        remedy = "run lienet download vgg19"
    if not path.is_file():
        raise ToolError("VGG19's weights are not there", got=path, remedy=remedy)
    return path
