"""What the stages wrote of a model, as MLflow takes it: params, curves, figures, inputs and files.

Reads only files that DVC tracks, so that a model can be tracked at any time and from any clone.
Reports that belong to other weights than the model's are left out until their stage has run again.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from lienet.errors import DataError
from lienet.evaluation.benchmark import flatten_results
from lienet.evaluation.format_costs import FLOAT32
from lienet.evaluation.scores import PER_IMAGE_NAME, Result
from lienet.evaluation.timings import METHOD, find_timings, read_timings
from lienet.files import sha256_of_file, sha256_of_json
from lienet.params import Model, Params
from lienet.tracking.image_tables import ImageTables
from lienet.tracking.rounding import round_figure
from lienet.workspace import CARD_NAME, HISTORY_NAME, ONNX_NAME, WEIGHTS_NAME, Workspace

_COSTS = ("num_params", "num_macs")
_MAX_DIGEST_CHARS = 36
_MAX_PARAM_CHARS = 5000


@dataclass(frozen=True)
class Point:
    """One value of a curve."""

    name: str
    step: int
    value: float
    time_ms: int | None = None
    """When it was measured, since 1970; None where that is not known any more."""


@dataclass(frozen=True)
class Shards:
    """A split of a task's shards, as a dataset of MLflow."""

    task: str
    split: str
    sha256: str

    @property
    def name(self) -> str:
        """The dataset's name."""
        return f"{self.task}-{self.split}"

    @property
    def digest(self) -> str:
        """As much of the hash as MLflow takes."""
        return self.sha256[:_MAX_DIGEST_CHARS]


@dataclass(frozen=True)
class StageFacts:
    """What one stage wrote of a model."""

    stage: str
    digest: str
    """Changes with the stage's files."""
    params: Mapping[str, str] = field(default_factory=dict)
    curves: Sequence[Point] = ()
    figures: Mapping[str, float] = field(default_factory=dict)
    """Of the model itself, such as its number of parameters."""
    scores: Mapping[str, float] = field(default_factory=dict)
    """Measured on :attr:`test_shards`."""
    test_shards: Shards | None = None
    inputs: Sequence[Shards] = ()
    tags: Mapping[str, str] = field(default_factory=dict)
    files: Sequence[tuple[Path, str]] = ()
    """Files and folders, each with the artifact folder that it goes to."""
    tables: ImageTables | None = None


@dataclass(frozen=True)
class ModelFacts:
    """A trained model or a method that learns nothing, and what each stage wrote of it."""

    task: str
    name: str
    run_key: str
    weights_sha256: str
    """Empty for a method that learns nothing."""
    steps: int
    """Of training; 0 for such a method."""
    stages: tuple[StageFacts, ...]


def read_facts(params: Params, workspace: Workspace, item: str) -> ModelFacts | None:
    """Read what there is of a model or a method that learns nothing; None where there is nothing.

    Args:
        params: the active set; its ``promote`` section names the protocol of the bare figures.
        workspace: holds the models and the reports.
        item: a key of ``models`` or of ``evaluate.methods``.

    Raises:
        DataError: a file cannot be read.
    """
    if item in params.models:
        return _read_model(params, workspace, params.models[item])
    spec = params.evaluate.methods[item]
    report = _read_json(workspace.evaluation_path(spec.task, spec.name))
    if report is None:
        return None
    described = {"method": spec.model_dump(mode="json"), "test": report["data_sha256"]["test"]}
    stages = (_read_evaluation(params, workspace, report), *_read_timing(workspace, report))
    return ModelFacts(spec.task, spec.name, sha256_of_json(described), "", 0, stages)


def list_row_points(row: Mapping[str, object], time_ms: int | None = None) -> list[Point]:
    """Return the points of one row of a training history; an empty cell or None is no point."""
    return [
        Point(name, int(str(row["step"])), float(str(value)), time_ms)
        for name, value in row.items()
        if name != "step" and value not in ("", None)
    ]


def flatten_params(values: Mapping[str, object], prefix: str = "") -> Iterator[tuple[str, str]]:
    """Yield nested params as text, under names joined by dots."""
    for name, value in values.items():
        if isinstance(value, Mapping):
            yield from flatten_params(value, f"{prefix}{name}.")
        else:
            text = json.dumps(value) if isinstance(value, list | tuple) else str(value)
            yield f"{prefix}{name}", text[:_MAX_PARAM_CHARS]


def _read_model(params: Params, workspace: Workspace, spec: Model) -> ModelFacts | None:
    model_dir = workspace.model_dir(spec.task, spec.name)
    card = _read_json(model_dir / CARD_NAME)
    if card is None:
        return None
    stages = [_read_training(card, model_dir)]
    onnx = model_dir / ONNX_NAME
    parity = _read_json(workspace.export_report_path(spec.task, spec.name))
    if parity is not None and _is_made_of(onnx, card, parity):
        stages.append(_describe_export(card, model_dir, parity))
    report = _read_json(workspace.evaluation_path(spec.task, spec.name))
    if report is not None and report["weights_sha256"] == card["weights_sha256"]:
        stages += [_read_evaluation(params, workspace, report), *_read_timing(workspace, report)]
    return ModelFacts(
        spec.task, spec.name, card["run_key"], card["weights_sha256"], card["steps"], tuple(stages)
    )


def _read_training(card: Mapping[str, Any], model_dir: Path) -> StageFacts:
    history = model_dir / HISTORY_NAME
    points: list[Point] = []
    if history.is_file():
        with history.open(encoding="utf-8", newline="") as stream:
            points = [point for row in csv.DictReader(stream) for point in list_row_points(row)]
    trained = {"seed": card["seed"], "model": card["spec"], **card.get("training", {})}
    inputs = [Shards(card["task"], split, sha) for split, sha in card["data_sha256"].items()]
    return StageFacts(
        stage="train",
        digest=_hash(model_dir / CARD_NAME, history),
        params=dict(flatten_params(trained)),
        curves=points,
        figures={"num_params": float(card["num_params"])},
        inputs=inputs,
        tags=_tag_inputs(inputs),
        files=[(history, "")],
    )


def _describe_export(
    card: Mapping[str, Any], model_dir: Path, parity: Mapping[str, Any]
) -> StageFacts:
    return StageFacts(
        stage="export",
        digest=sha256_of_json([card["weights_sha256"], dict(parity)]),
        figures={"export/max_error": parity["max_error"]},
        files=[(model_dir / name, "model") for name in (WEIGHTS_NAME, CARD_NAME, ONNX_NAME)],
    )


def _read_evaluation(params: Params, workspace: Workspace, report: Mapping[str, Any]) -> StageFacts:
    task, name = report["task"], report["model"]
    results = {
        protocol: {test_set: Result.from_json(flat) for test_set, flat in sets.items()}
        for protocol, sets in report["results"].items()
    }
    headline = params.promote.tasks[task].protocol
    headline = headline if headline in results else next(iter(results))
    protocol = params.evaluate.protocols.get(headline)
    scale = report["scale"] if protocol is None else protocol.scale
    path, folder = workspace.evaluation_path(task, name), workspace.evaluation_dir(task, name)
    scores_path = folder / PER_IMAGE_NAME
    shards = Shards(task, "test", report["data_sha256"]["test"])
    pictures = [folder / kind for kind in ("images", "real") if (folder / kind).is_dir()]
    return StageFacts(
        stage="evaluate",
        digest=sha256_of_json([_hash(path, scores_path), headline, "tables"]),
        figures=_round({cost: report[cost] for cost in _COSTS if report.get(cost) is not None}),
        scores=_round(flatten_results(results, headline=headline)),
        test_shards=shards,
        inputs=[shards],
        tags={"lienet.protocol": headline} | _tag_inputs([shards]),
        files=[(each, "evaluate") for each in (path, scores_path, *pictures)],
        tables=ImageTables(
            protocol=headline,
            scores_path=scores_path,
            enhanced_dir=folder / "images" / f"x{scale}",
            test_dir=workspace.shards_dir(task) / "test",
            scale=scale,
        ),
    )


def _read_timing(workspace: Workspace, report: Mapping[str, Any]) -> Iterator[StageFacts]:
    """Yield how long the evaluated weights take, if they were timed."""
    timings = read_timings(workspace, report["task"])
    files = find_timings(timings, report["model"], report["weights_sha256"])
    timing = files.get(FLOAT32, files.get(METHOD))
    if timing is not None:
        figures = _round({"latency_ms": timing.latency_ms[1]})
        yield StageFacts(stage="time", digest=sha256_of_json(figures), figures=figures)


def _round(figures: Mapping[str, Any]) -> dict[str, float]:
    return {name: round_figure(name, float(value)) for name, value in figures.items()}


def _tag_inputs(inputs: Sequence[Shards]) -> dict[str, str]:
    return {f"lienet.data.{shards.split}": shards.digest for shards in inputs}


def _is_made_of(onnx: Path, card: Mapping[str, Any], parity: Mapping[str, Any]) -> bool:
    """Whether an ONNX file is the parity report's, and names the card's weights in its metadata."""
    if not onnx.is_file() or sha256_of_file(onnx) != parity["onnx_sha256"]:
        return False
    return str(card["weights_sha256"]).encode() in onnx.read_bytes()


def _hash(*paths: Path) -> str:
    return sha256_of_json([sha256_of_file(path) if path.is_file() else "" for path in paths])


def _read_json(path: Path) -> Any:
    """Return what a file says; None where there is none."""
    try:
        return json.loads(path.read_text(encoding="utf-8")) if path.is_file() else None
    except ValueError as error:
        raise DataError(f"{path} cannot be read: {error}", remedy="run its stage again") from error
