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
from lienet.sections import (
    TASKS,
    BicubicModel,
    Chroma,
    Download,
    EsrganModel,
    Evaluate,
    Export,
    FaceDetection,
    Filter,
    FolderSource,
    Latency,
    LienetModel,
    Model,
    Name,
    Objectives,
    Positive,
    Protocol,
    Report,
    SampleSource,
    Section,
    SftganModel,
    Share,
    Source,
    Split,
    SplitShares,
    SrDegradation,
    SrganModel,
    SrObjective,
    Synthesize,
    SynthesizeTasks,
    TextDetection,
    Train,
)

__all__ = [
    "BicubicModel",
    "Chroma",
    "Download",
    "EsrganModel",
    "Evaluate",
    "Export",
    "FaceDetection",
    "Filter",
    "FolderSource",
    "Latency",
    "LienetModel",
    "Model",
    "Name",
    "Objectives",
    "Positive",
    "Protocol",
    "Report",
    "SampleSource",
    "Section",
    "SftganModel",
    "Share",
    "Source",
    "Split",
    "SplitShares",
    "SrDegradation",
    "SrObjective",
    "SrganModel",
    "Synthesize",
    "SynthesizeTasks",
    "TASKS",
    "TextDetection",
    "Train",
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

    @model_validator(mode="after")
    def _consistent(self) -> Params:
        if (problem := next(_find_conflicts(self), None)) is not None:
            raise ValueError(problem)
        return self


def _find_conflicts(params: Params) -> Iterator[str]:
    yield from _model_conflicts(params)
    yield from _source_conflicts(params)
    yield from _tile_conflicts(params)
    yield from _protocol_conflicts(params)


def _model_conflicts(params: Params) -> Iterator[str]:
    for key, model in params.models.items():
        if key != f"{model.task}-{model.name}":
            yield f"models.{key} must be keyed {model.task}-{model.name}"
        if model.scale not in params.synthesize.tasks.sr.scales:
            yield f"models.{key}.scale {model.scale} is not in synthesize.tasks.sr.scales"


def _source_conflicts(params: Params) -> Iterator[str]:
    unknown = set(params.filter.exempt_sources) - set(params.download.sources)
    if unknown:
        yield f"filter.exempt_sources names unknown sources {sorted(unknown)}"
    for name in params.filter.exempt_sources:
        source = params.download.sources.get(name)
        if source is not None and source.split != "test":
            yield f"filter.exempt_sources may hold test sources only, got {name}"
    shares = params.synthesize.split
    if shares.valid_share + shares.test_share >= 1.0:
        yield "synthesize.split leaves nothing for training"


def _tile_conflicts(params: Params) -> Iterator[str]:
    sr = params.synthesize.tasks.sr
    for scale in sr.scales:
        if sr.tile_px % scale or sr.tile_stride_px % scale:
            yield f"synthesize.tasks.sr.tile_px and tile_stride_px must divide by {scale}"
        if params.train.patch_px * scale > sr.tile_px:
            yield (
                f"train.patch_px x scale {scale} exceeds synthesize.tasks.sr.tile_px {sr.tile_px}"
            )


def _protocol_conflicts(params: Params) -> Iterator[str]:
    sr = params.synthesize.tasks.sr
    for name, protocol in params.evaluate.protocols.items():
        stored = (protocol.scale in sr.scales, protocol.jpeg_quality, protocol.jpeg_chroma)
        if stored != (True, sr.jpeg_quality, sr.jpeg_chroma):
            yield f"evaluate.protocols.{name} asks for inputs that synthesize does not make"
    if params.report.figure_protocol not in params.evaluate.protocols:
        yield "report.figure_protocol is not one of evaluate.protocols"


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
