"""All sections together: the keys of a params file."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from lienet.sections.common import Section, Task
from lienet.sections.degradation import Recipe, Synthesize
from lienet.sections.licences import Purpose
from lienet.sections.machines import Cluster, Storage
from lienet.sections.measuring import Evaluate, Export, Report
from lienet.sections.networks import Model
from lienet.sections.orchestration import Flows
from lienet.sections.photographs import Download, Filter
from lienet.sections.promotion import Promote
from lienet.sections.sources import is_reference
from lienet.sections.training import Train


class IntendedUse(Section):
    """What the trained networks are for, and what follows where a licence does not permit it."""

    purpose: Purpose
    when_not_permitted: Literal["refuse", "warn"]
    """Whether training ends before it starts, or goes on after a warning."""


class Whole(Section):
    """Every section, and what is shared by several."""

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
