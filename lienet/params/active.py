"""The params file: every choice of a run, complete, typed, and refused as a whole if one is wrong.

``params.yaml`` holds one section for each stage and the shared lists ``models`` and ``seed``.
Instances are frozen.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal

import yaml
from pydantic import Field, ValidationError, model_validator

from lienet.errors import InputError, ParamsError
from lienet.params.base import Section, Task
from lienet.params.checks import find_conflicts
from lienet.params.degradations import Recipe, Synthesize
from lienet.params.evaluation import Evaluate, Export, Report
from lienet.params.flows import Flows
from lienet.params.licences import Purpose
from lienet.params.machines import Cluster, Storage
from lienet.params.models import Model
from lienet.params.photographs import Download, Filter
from lienet.params.promotion import Promote
from lienet.params.sources import is_reference
from lienet.params.training import Train


class IntendedUse(Section):
    """What the trained networks are for, and what follows where a licence does not permit it."""

    purpose: Purpose
    when_not_permitted: Literal["refuse", "warn"]
    """Whether training ends before it starts, or goes on after a warning."""


class Params(Section):
    """Everything that decides a run: every section, and what is shared by several."""

    profile: str
    seed: Annotated[int, Field(ge=0, lt=2**63)]
    num_workers: Annotated[int, Field(ge=0)]
    """Processes of the data stages; 0 takes one for each core. Never changes a byte of output."""
    intended_use: IntendedUse
    cluster: Cluster
    storage: Storage
    flows: Flows
    download: Download
    filter: Filter
    synthesize: Synthesize
    models: Annotated[dict[str, Model], Field(min_length=1)]
    train: Train
    export: Export
    evaluate: Evaluate
    report: Report
    promote: Promote

    def sources_of(self, task: Task) -> tuple[str, ...]:
        """Return the names of the sources whose photographs a task is made of."""
        tasks = self.synthesize.tasks
        recipe: Recipe = getattr(tasks, task)
        if recipe.sources is not None:
            return recipe.sources
        others = {*self.filter.consented_sources, *tasks.old_photo.real_sources}
        return tuple(
            name
            for name, source in self.download.sources.items()
            if name not in others and is_reference(source)
        )

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
