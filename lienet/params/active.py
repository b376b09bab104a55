"""The params file: every choice of a run, complete, typed, and refused as a whole if one is wrong.

``params.yaml`` holds one section for each stage and the shared lists ``models`` and ``seed``.
Instances are frozen.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, ValidationError, model_validator

from lienet.errors import ParamsError
from lienet.params.base import Section, Task
from lienet.params.checks import find_conflicts
from lienet.params.degradations import Synthesize
from lienet.params.evaluation import Evaluate, Export, Report, Time
from lienet.params.flows import Flows
from lienet.params.licences import Purpose
from lienet.params.machines import Cluster, Storage
from lienet.params.models import AnyModel, Model
from lienet.params.photographs import Download, Filter
from lienet.params.promotion import Promote
from lienet.params.training import Train
from lienet.params.yaml_text import parse_yaml, read_yaml
from lienet.plugins import load_plugins


def _stay_inside(path: str) -> str:
    if ".." in path.split("/"):
        raise ValueError("plugins lie in the folder of params.yaml or below it")
    return path


PluginPath = Annotated[str, Field(pattern=r"^[\w][\w./-]*\.py$"), AfterValidator(_stay_inside)]


class IntendedUse(Section):
    """What the trained networks are for, and what follows where a licence does not permit it."""

    purpose: Purpose
    when_not_permitted: Literal["refuse", "warn"]
    """Whether training ends before it starts, or goes on after a warning."""


class Params(Section):
    """Everything that decides a run: every section, and what is shared by several."""

    profile: str
    seed: Annotated[int, Field(ge=0, lt=2**63)]
    plugins: tuple[PluginPath, ...]
    """Python files with parts of one's own, in the folder of params.yaml or below it."""
    num_workers: Annotated[int, Field(ge=0)]
    """Processes of the data stages; 0 takes one for each core. Never changes a byte of output."""
    intended_use: IntendedUse
    cluster: Cluster
    storage: Storage
    flows: Flows
    download: Download
    filter: Filter
    synthesize: Synthesize
    models: Annotated[dict[str, AnyModel], Field(min_length=1)]
    train: Train
    export: Export
    evaluate: Evaluate
    time: Time
    report: Report
    promote: Promote

    def sources_of(self, task: Task) -> tuple[str, ...]:
        """Return the names of the sources whose photographs a task is made of."""
        named = self.synthesize.tasks[task].sources
        if named is not None:
            return named
        others = {*self.filter.consented_sources, *self.synthesize.real_sources}
        return tuple(
            name
            for name, source in self.download.sources.items()
            if name not in others and source.is_reference
        )

    def training_of(self, model: Model) -> Train:
        """Return how a model is trained: with its task's overrides, its own rate and steps."""
        own: dict[str, int | float] = {}
        if model.learning_rate is not None:
            own["learning_rate"] = model.learning_rate
        if model.fine_tuning is not None:
            own["steps"] = model.fine_tuning.steps
        return self.train.for_task(model.task).model_copy(update=own)

    def seed_of(self, model: Model) -> int:
        """Return the seed of a model's weights and patches."""
        return self.seed if model.seed is None else model.seed

    @property
    def needs_vgg19(self) -> bool:
        """Whether a model minimises a perceptual loss that names no weights of its own."""
        chosen = {model.objective for model in self.models.values()}
        losses = [self.train.objectives[name].perceptual for name in chosen]
        return any(loss is not None and loss.weights is None for loss in losses)

    @model_validator(mode="after")
    def _consistent(self) -> Params:
        if (problem := next(find_conflicts(self), None)) is not None:
            raise ValueError(problem)
        return self


def load_params(path: Path) -> Params:
    """Read and check a params file, its plugins loaded first.

    Raises:
        InputError: the file or a plugin is missing, or a plugin cannot be imported.
        ParamsError: it is not YAML in UTF-8, a key stands twice, or any key is unknown, missing or
            wrong; one line names them.
    """
    return _check(read_yaml(path), name=path.name, folder=path.parent)


def parse_params(text: str, *, name: str, folder: Path = Path()) -> Params:
    """Check params given as YAML text; errors as :func:`load_params`.

    Args:
        text: a whole set of params.
        name: stands for it in errors.
        folder: where the relative paths of plugins start.
    """
    return _check(parse_yaml(text, name=name), name=name, folder=folder)


def _check(content: Any, *, name: str, folder: Path) -> Params:
    if not isinstance(content, dict):
        raise ParamsError(
            f"{name} must hold sections of keys, such as train:",
            got="nothing" if content is None else type(content).__name__,
            remedy="run `lienet profile use sample`",
        )
    load_plugins(folder / path for path in _list_plugins(content))
    try:
        return Params.model_validate(content)
    except ValidationError as error:
        raise ParamsError(_in_one_line(error), remedy=f"edit {name}") from None


def _list_plugins(content: Any) -> list[str]:
    """Return what ``plugins`` names; nothing where the params are not valid in this anyhow."""
    named = content.get("plugins") if isinstance(content, dict) else None
    return [path for path in named if isinstance(path, str)] if isinstance(named, list) else []


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
