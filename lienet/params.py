"""The params file: every choice of a run, complete, typed, and refused as a whole if one is wrong.

``params.yaml`` holds one section for each stage and the shared lists ``models`` and ``seed``.
Instances are frozen; this module is where everybody else takes the sections from.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError, model_validator

from lienet.errors import InputError, ParamsError
from lienet.sections.common import (
    TASKS,
    Chroma,
    GlobalSkip,
    Name,
    Positive,
    Section,
    Share,
    Split,
    Task,
)
from lienet.sections.conflicts import find_conflicts
from lienet.sections.degradation import (
    FaceDegradation,
    OldPhotoDegradation,
    Recipe,
    SplitShares,
    SrDegradation,
    Synthesize,
    SynthesizeTasks,
)
from lienet.sections.machines import Cluster, Storage
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
from lienet.sections.orchestration import Flows
from lienet.sections.photographs import (
    Download,
    FaceDetection,
    Filter,
    Gates,
    TextDetection,
    Transfer,
)
from lienet.sections.promotion import Measure, Promote, TaskGate
from lienet.sections.sources import (
    Div2kSource,
    FfhqSource,
    FolderSource,
    OpenImagesSource,
    SampleSource,
    Source,
)
from lienet.sections.training import (
    VGG19_LAYERS,
    Adversarial,
    Objective,
    Override,
    Overrides,
    Perceptual,
    Train,
)
from lienet.sections.whole import IntendedUse, Whole

__all__ = [
    "Adversarial",
    "BicubicModel",
    "Chroma",
    "Classic",
    "Cluster",
    "Div2kSource",
    "Download",
    "EnhancementModel",
    "EsrganModel",
    "Evaluate",
    "Export",
    "FaceDegradation",
    "FaceDetection",
    "FfhqSource",
    "Filter",
    "Flows",
    "FolderSource",
    "Gates",
    "GlobalSkip",
    "IntendedUse",
    "Latency",
    "LienetModel",
    "Measure",
    "Model",
    "Name",
    "Objective",
    "OldPhotoDegradation",
    "OpenImagesSource",
    "Override",
    "Overrides",
    "Perceptual",
    "Positive",
    "Promote",
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
    "Storage",
    "Synthesize",
    "SynthesizeTasks",
    "TASKS",
    "Task",
    "TaskGate",
    "TextDetection",
    "Train",
    "Transfer",
    "Unsharp",
    "VGG19_LAYERS",
    "Params",
    "load_params",
    "parse_params",
]


class Params(Whole):
    """Everything that decides a run."""

    @model_validator(mode="after")
    def _consistent(self) -> Params:
        if (problem := next(find_conflicts(self), None)) is not None:
            raise ValueError(problem)
        return self


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
