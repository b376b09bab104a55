"""The params file: every choice of a run, complete, typed, and refused as a whole if one is wrong.

``params.yaml`` holds one section for each stage and the shared lists ``models`` and ``seed``.
Instances are frozen; this module is where everybody else takes the sections from.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

import yaml
from pydantic import Field, ValidationError, model_validator

from lienet.errors import InputError, ParamsError
from lienet.sections.common import (
    TASKS,
    Chroma,
    Name,
    Positive,
    Section,
    Share,
    Split,
    Task,
)
from lienet.sections.degradation import (
    FaceDegradation,
    OldPhotoDegradation,
    Recipe,
    SplitShares,
    SrDegradation,
    Synthesize,
    SynthesizeTasks,
)
from lienet.sections.measuring import (
    Classic,
    Evaluate,
    Export,
    Latency,
    Protocol,
    Report,
    Restoration,
    Unsharp,
)
from lienet.sections.networks import (
    BicubicModel,
    EnhancementModel,
    EsrganModel,
    LienetModel,
    Model,
    SftganModel,
    SrganModel,
)
from lienet.sections.photographs import (
    Download,
    FaceDetection,
    Filter,
    FolderSource,
    SampleSource,
    Source,
    TextDetection,
)
from lienet.sections.training import (
    Adversarial,
    Objective,
    Override,
    Overrides,
    Perceptual,
    Train,
)

__all__ = [
    "Adversarial",
    "BicubicModel",
    "Chroma",
    "Classic",
    "Download",
    "EnhancementModel",
    "EsrganModel",
    "Evaluate",
    "Export",
    "FaceDegradation",
    "FaceDetection",
    "Filter",
    "FolderSource",
    "Latency",
    "LienetModel",
    "Model",
    "Name",
    "Objective",
    "OldPhotoDegradation",
    "Override",
    "Overrides",
    "Perceptual",
    "Positive",
    "Protocol",
    "Recipe",
    "Report",
    "Restoration",
    "SampleSource",
    "Section",
    "SftganModel",
    "Share",
    "Source",
    "Split",
    "SplitShares",
    "SrDegradation",
    "SrganModel",
    "Synthesize",
    "SynthesizeTasks",
    "TASKS",
    "Task",
    "TextDetection",
    "Train",
    "Unsharp",
    "Params",
    "load_params",
    "parse_params",
]


class Params(Section):
    """Everything that decides a run."""

    profile: str
    seed: Annotated[int, Field(ge=0, lt=2**63)]
    num_workers: Annotated[int, Field(ge=0)]
    """Processes of the data stages; 0 takes one for each core. Never changes a byte of output."""
    download: Download
    filter: Filter
    synthesize: Synthesize
    models: Annotated[dict[str, Model], Field(min_length=1)]
    train: Train
    export: Export
    evaluate: Evaluate
    report: Report

    def sources_of(self, task: Task) -> tuple[str, ...]:
        """Return the names of the sources whose photographs a task is made of."""
        tasks = self.synthesize.tasks
        recipe: Recipe = getattr(tasks, task)
        if recipe.sources is not None:
            return recipe.sources
        others = {*self.filter.consented_sources, *tasks.old_photo.real_sources}
        return tuple(name for name in self.download.sources if name not in others)

    @model_validator(mode="after")
    def _consistent(self) -> Params:
        if (problem := next(_find_conflicts(self), None)) is not None:
            raise ValueError(problem)
        return self


def _find_conflicts(params: Params) -> Iterator[str]:
    yield from _source_conflicts(params)
    yield from _task_conflicts(params)
    yield from _model_conflicts(params)
    yield from _tile_conflicts(params)
    yield from _protocol_conflicts(params)
    yield from _report_conflicts(params)


def _source_conflicts(params: Params) -> Iterator[str]:
    sources = params.download.sources
    for group in ("exempt_sources", "consented_sources"):
        unknown = set(getattr(params.filter, group)) - set(sources)
        if unknown:
            yield f"filter.{group} names unknown sources {sorted(unknown)}"
    for name in params.filter.exempt_sources:
        if name in params.filter.consented_sources:
            yield f"filter.exempt_sources and consented_sources both name {name}"
        if name in sources and sources[name].split != "test":
            yield f"filter.exempt_sources may hold test sources only, got {name}"
    shares = params.synthesize.split
    if shares.valid_share + shares.test_share >= 1.0:
        yield "synthesize.split leaves nothing for training"
    for name in shares.test_images:
        source = sources.get(name)
        if not isinstance(source, FolderSource) or source.split != "auto":
            yield f"synthesize.split.test_images may hold folders of split auto only, got {name}"


def _task_conflicts(params: Params) -> Iterator[str]:
    for task in TASKS:
        recipe: Recipe = getattr(params.synthesize.tasks, task)
        where = f"synthesize.tasks.{task}"
        unknown = set(recipe.sources or ()) - set(params.download.sources)
        if unknown:
            yield f"{where}.sources names unknown sources {sorted(unknown)}"
        shown = set(recipe.sources or ()) & set(params.filter.consented_sources)
        if task != "face" and shown:
            yield f"{where}.sources: the faces of {sorted(shown)} are for the task face alone"
        if not params.sources_of(task):
            yield f"{where}.sources leaves the task without a photograph"
    old = params.synthesize.tasks.old_photo
    for name in old.real_sources:
        where = "synthesize.tasks"
        if name not in params.filter.exempt_sources:
            yield f"{where}.old_photo.real_sources must be among filter.exempt_sources, got {name}"
        for task in TASKS:
            if name in params.sources_of(task):
                yield f"{where}.{task}.sources: of the old photographs {name} is no reference"


def _model_conflicts(params: Params) -> Iterator[str]:
    for key, model in params.models.items():
        where = f"models.{key}"
        if key != f"{model.task}-{model.name}":
            yield f"{where} must be keyed {model.task}-{model.name}"
        if model.task == "sr" and model.scale not in params.synthesize.tasks.sr.scales:
            yield f"{where}.scale {model.scale} is not in synthesize.tasks.sr.scales"
        if model.task != "sr" and model.scale != 1:
            yield f"{where}.scale must be 1, as {model.task} keeps an image's size"
        enhances = model.architecture == "lienet_enhancement"
        if enhances == (model.task == "sr") and model.architecture not in ("bicubic", "srgan"):
            yield f"{where}.architecture {model.architecture} is not for the task {model.task}"
        if not isinstance(model, BicubicModel) and model.objective not in params.train.objectives:
            yield f"{where}.objective {model.objective} is not one of train.objectives"
    for key, classic in params.evaluate.classics.items():
        if key != f"{classic.task}-{classic.name}":
            yield f"evaluate.classics.{key} must be keyed {classic.task}-{classic.name}"
        if key in params.models:
            yield f"evaluate.classics.{key} has the name of a model"


def _tile_conflicts(params: Params) -> Iterator[str]:
    sr = params.synthesize.tasks.sr
    for scale in sr.scales:
        if sr.tile_px % scale or sr.tile_stride_px % scale:
            yield f"synthesize.tasks.sr.tile_px and tile_stride_px must divide by {scale}"
    for task in TASKS:
        patch_px = params.train.for_task(task).patch_px
        factor = max(sr.scales) if task == "sr" else 1
        tile_px = getattr(params.synthesize.tasks, task).tile_px
        if patch_px * factor > tile_px:
            yield (
                f"train.patch_px {patch_px} x scale {factor} exceeds "
                f"synthesize.tasks.{task}.tile_px {tile_px}"
            )


def _protocol_conflicts(params: Params) -> Iterator[str]:
    sr = params.synthesize.tasks.sr
    for name, protocol in params.evaluate.protocols.items():
        asked = (protocol.scale, protocol.jpeg_quality, protocol.jpeg_chroma)
        made = (1, None, None)
        if protocol.task == "sr":
            scale = protocol.scale if protocol.scale in sr.scales else None
            made = (scale, sr.jpeg_quality, sr.jpeg_chroma)  # type: ignore[assignment]
        if asked != made:
            yield f"evaluate.protocols.{name} asks for inputs that synthesize does not make"


def _report_conflicts(params: Params) -> Iterator[str]:
    chosen = params.report.figure_protocols
    for task, name in chosen.items():
        protocol = params.evaluate.protocols.get(name)
        if protocol is None or protocol.task != task:
            yield f"report.figure_protocols.{task} is not one of {task}'s evaluate.protocols"
    for task in sorted({model.task for model in params.models.values()} - set(chosen)):
        yield f"report.figure_protocols lacks {task}"


def load_params(path: Path) -> Params:
    """Read and check a params file.

    Raises:
        InputError: the file is missing.
        ParamsError: it is not YAML, or any key is unknown, missing or wrong; one line names them.
    """
    try:
        text = Path(path).read_text(encoding="utf-8")
    except OSError as error:
        raise InputError(f"cannot read {path}: {error.strerror}") from error
    return parse_params(text, name=Path(path).name)


def parse_params(text: str, *, name: str) -> Params:
    """Check params given as YAML text; ``name`` stands for them in errors."""
    try:
        content: Any = yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise ParamsError(f"{name} is not valid YAML: {error}") from error
    try:
        return Params.model_validate(content)
    except ValidationError as error:
        raise ParamsError(_in_one_line(error), remedy=f"edit {name}") from None


def _in_one_line(error: ValidationError) -> str:
    parts = []
    for detail in error.errors()[:5]:
        where = ".".join(str(part) for part in detail["loc"])
        what = detail["msg"].removeprefix("Value error, ")
        shown = isinstance(detail["input"], str | int | float | bool)
        got = f", got {detail['input']!r}" if shown else ""
        parts.append(f"{where}: {what}{got}" if where else what)
    more = error.error_count() - len(parts)
    return "; ".join(parts) + (f"; and {more} more" if more > 0 else "")
