"""What evaluate wrote, read back and checked; owns the shape of its files and nothing else."""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError

from lienet.errors import DataError
from lienet.params import Params
from lienet.workspace import Workspace

ABLATION_PREFIX = "ablation_"
"""Begins the names of networks that lack one part; they have a table of their own."""
_OPTIONAL = ("vmaf", "ciede2000", "sharpness")


@dataclass(frozen=True)
class ImageScore:
    """One method's scores on one image; None where a measure was not asked for."""

    psnr_db: float
    ssim: float
    vmaf: float | None = None
    ciede2000: float | None = None
    sharpness: float | None = None


PerImage = dict[tuple[str, str, str, str], dict[str, ImageScore]]
"""By (task, model, protocol, test set), then by image key."""


class _Read(BaseModel):
    model_config = ConfigDict(frozen=True, protected_namespaces=())


class Measurement(_Read):
    """One method under one protocol on one test set; gains are over the task's baseline."""

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
    vmaf_gain: float | None = None
    vmaf_gain_low: float | None = None
    vmaf_gain_high: float | None = None
    ciede2000: float | None = None
    ciede2000_gain: float | None = None
    ciede2000_gain_low: float | None = None
    ciede2000_gain_high: float | None = None
    sharpness: float | None = None
    sharpness_gain: float | None = None
    sharpness_gain_low: float | None = None
    sharpness_gain_high: float | None = None


class RealMeasurement(_Read):
    """Real old photographs of one test set before and after one method, by measure."""

    num_images: int
    before: Mapping[str, float]
    after: Mapping[str, float]


class Distances(_Read):
    """How far faces of one test set are from their references, by embedding."""

    num_images: int
    num_located: int
    distance: float
    baseline_distance: float
    distance_gain: float
    distance_gain_low: float
    distance_gain_high: float


class Identity(_Read):
    """Whether identity was measured, and how it came out, by test set."""

    note: str | None
    sets: Mapping[str, Distances]


class Evaluation(_Read):
    """One method as evaluate measured it; ``results`` goes by protocol, then by test set."""

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
    identity: Identity | None = None
    real: Mapping[str, RealMeasurement] | None = None

    @property
    def is_contender(self) -> bool:
        """Whether it is shown beside the others: no baseline, and whole rather than an ablation."""
        return self.architecture != "bicubic" and not self.model.startswith(ABLATION_PREFIX)


def read_evaluations(params: Params, workspace: Workspace) -> list[Evaluation]:
    """Read the metrics of every method of ``params``, baselines first and lienet last.

    Raises:
        DataError: a file is missing, broken, or lacks a protocol; names the stage to run.
    """
    known = {**params.models, **params.evaluate.classics}
    evaluations = []
    for key in order_methods(params):
        spec = known[key]
        evaluation = _read_evaluation(workspace.evaluation_path(spec.task, spec.name), key)
        scale = None if evaluation.architecture == "bicubic" else evaluation.scale
        for protocol in _protocols_of(params, task=spec.task, scale=scale):
            if protocol not in evaluation.results:
                raise DataError(
                    f"the evaluation of {key} has no protocol {protocol}",
                    remedy=f"run `lienet evaluate {key}`",
                )
        evaluations.append(evaluation)
    return evaluations


def order_methods(params: Params) -> list[str]:
    """Return the keys as tables show them: baselines, classics, rivals as listed, lienet.

    Classical methods of a task without models are left out: nothing stands beside them.
    """
    rank = {"bicubic": 0, "lienet": 3, "lienet_enhancement": 3}
    tasks = {model.task for model in params.models.values()}
    classics = [key for key, each in params.evaluate.classics.items() if each.task in tasks]

    def place(key: str) -> tuple[int, bool]:
        model = params.models.get(key)
        if model is None:
            return 1, False
        return rank.get(model.architecture, 2), model.name == "lienet"

    return sorted([*params.models, *classics], key=place)


def read_per_image(workspace: Workspace, evaluations: Sequence[Evaluation]) -> PerImage:
    """Read every method's ``per_image.csv``.

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
                    scores.setdefault(place, {})[line["key"]] = _parse_score(line)
        except FileNotFoundError:
            raise DataError(f"no per-image results at {path}", remedy=remedy) from None
        except (KeyError, TypeError, ValueError) as error:
            raise DataError(f"{path} is broken: {error!r}", remedy=remedy) from None
    return scores


def _parse_score(line: Mapping[str, str]) -> ImageScore:
    """Return a line's scores; a column that is empty, or not there, was not measured."""
    measured = {name: float(line[name]) for name in _OPTIONAL if line.get(name)}
    return ImageScore(float(line["psnr_db"]), float(line["ssim"]), **measured)


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
