"""What evaluate wrote, read back and checked; owns the shape of its files and nothing else."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError

from lienet.errors import DataError
from lienet.params import Params
from lienet.workspace import Workspace


@dataclass(frozen=True)
class ImageScore:
    """One model's PSNR in dB and SSIM on one image."""

    psnr_db: float
    ssim: float


PerImage = dict[tuple[str, str, str, str], dict[str, ImageScore]]
"""By (task, model, protocol, test set), then by image key."""


class Measurement(BaseModel):
    """One model under one protocol on one test set; gains are over bicubic on the same images."""

    model_config = ConfigDict(frozen=True)

    num_images: int
    psnr_db: float
    ssim: float
    vmaf: float | None
    psnr_gain_db: float
    psnr_gain_low_db: float
    psnr_gain_high_db: float
    ssim_gain: float
    ssim_gain_low: float
    ssim_gain_high: float


class Evaluation(BaseModel):
    """One model as evaluate measured it; ``results`` goes by protocol, then by test set."""

    model_config = ConfigDict(frozen=True, protected_namespaces=())

    task: str
    model: str
    architecture: str
    scale: int
    num_params: int
    num_macs: int | None
    macs_output_px: tuple[int, int]
    latency_ms: float | None
    latency_input_px: tuple[int, int]
    steps: int
    weights_sha256: str
    results: dict[str, dict[str, Measurement]]


def read_evaluations(params: Params, workspace: Workspace) -> list[Evaluation]:
    """Read the metrics of every model of ``params``, bicubic first and lienet last.

    Raises:
        DataError: a file is missing, broken, or lacks a protocol; names the stage to run.
    """
    evaluations = []
    for key in order_models(params):
        model = params.models[key]
        evaluation = _read_evaluation(workspace.evaluation_path(model.task, model.name), key)
        scale = None if model.architecture == "bicubic" else model.scale
        for protocol in _protocols_of(params, task=model.task, scale=scale):
            if protocol not in evaluation.results:
                raise DataError(
                    f"the evaluation of {key} has no protocol {protocol}",
                    remedy=f"run `lienet evaluate {key}`",
                )
        evaluations.append(evaluation)
    return evaluations


def order_models(params: Params) -> list[str]:
    """Return the model keys as tables show them: bicubic, the baselines as listed, lienet."""
    rank = {"bicubic": 0, "lienet": 2}

    def place(key: str) -> tuple[int, bool]:
        model = params.models[key]
        return rank.get(model.architecture, 1), model.name == "lienet"

    return sorted(params.models, key=place)


def read_per_image(workspace: Workspace, evaluations: Sequence[Evaluation]) -> PerImage:
    """Read every model's ``per_image.csv``.

    Raises:
        DataError: a file is missing, or is not the table that evaluate writes.
    """
    scores: PerImage = {}
    for each in evaluations:
        path = workspace.evaluation_dir(each.task, each.model) / "per_image.csv"
        remedy = f"run `lienet evaluate {each.task}-{each.model}`"
        try:
            with path.open(encoding="utf-8", newline="") as stream:
                for line in csv.DictReader(stream):
                    place = (each.task, each.model, line["protocol"], line["test_set"])
                    score = ImageScore(float(line["psnr_db"]), float(line["ssim"]))
                    scores.setdefault(place, {})[line["key"]] = score
        except FileNotFoundError:
            raise DataError(f"no per-image results at {path}", remedy=remedy) from None
        except (KeyError, TypeError, ValueError) as error:
            raise DataError(f"{path} is broken: {error!r}", remedy=remedy) from None
    return scores


def _protocols_of(params: Params, *, task: str, scale: int | None) -> list[str]:
    """Return the protocols of a task at one scale, or at every scale where it is None."""
    return [
        name
        for name, protocol in params.evaluate.protocols.items()
        if protocol.task == task and scale in (None, protocol.scale)
    ]


def _read_evaluation(path: Path, key: str) -> Evaluation:
    remedy = f"run `lienet evaluate {key}`"
    try:
        return Evaluation.model_validate_json(path.read_bytes())
    except FileNotFoundError:
        raise DataError(f"no evaluation of {key} at {path}", remedy=remedy) from None
    except ValidationError as error:
        detail = error.errors()[0]
        where = ".".join(str(part) for part in detail["loc"])
        raise DataError(f"{path} is broken at {where}: {detail['msg']}", remedy=remedy) from None
