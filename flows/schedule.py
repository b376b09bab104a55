"""Which stage starts when: each as soon as its inputs are done and its slots are free.

Knows neither Prefect nor time; it is told what ended, and says what may start.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from enum import Enum

from flows.graph import Graph


class Outcome(Enum):
    """How a stage ended."""

    RAN = "ran"
    CACHED = "cached"
    FAILED = "failed"
    NOT_RUN = "not run"

    @property
    def is_done(self) -> bool:
        """Whether what waits for the stage may start."""
        return self in (Outcome.RAN, Outcome.CACHED)


class Schedule:
    """The state of one run.

    Args:
        graph: the stages to run.
        slots: how many stages of each tag may run at once.
        tags_of: the tags of a stage; it occupies one slot of each.
    """

    def __init__(
        self, graph: Graph, slots: Mapping[str, int], tags_of: Callable[[str], tuple[str, ...]]
    ) -> None:
        self.outcomes: dict[str, Outcome] = {}
        self.running: set[str] = set()
        self._graph = graph
        self._slots = slots
        self._tags_of = tags_of
        # What most of the run still hangs on comes first.
        lengths = _measure_paths(graph)
        self._order = sorted(graph.inputs, key=lambda stage: -lengths[stage])

    @property
    def is_over(self) -> bool:
        """Whether nothing runs and nothing can start."""
        return not self.running and len(self.outcomes) == len(self._graph.inputs)

    def take_ready(self, *, free: frozenset[str] = frozenset()) -> list[str]:
        """Return the stages to start now, which count as running from here on.

        Args:
            free: stages that need no slot, such as those known to be up to date.
        """
        used = Counter(tag for one in self.running - free for tag in self._tags_of(one))
        ready = []
        for stage in self._order:
            if stage in self.running or stage in self.outcomes:
                continue
            if not all(self._is_done(one) for one in self._graph.inputs[stage]):
                continue
            tags = () if stage in free else self._tags_of(stage)
            if all(used[tag] < self._slots.get(tag, len(self._order)) for tag in tags):
                used.update(tags)
                ready.append(stage)
        self.running.update(ready)
        return ready

    def finish(self, stage: str, outcome: Outcome) -> set[str]:
        """Note how a stage ended; return the stages that will not run because of it."""
        self.running.discard(stage)
        self.outcomes[stage] = outcome
        if outcome.is_done:
            return set()
        lost = self._graph.all_dependents([stage]) - self.outcomes.keys()
        self.outcomes.update(dict.fromkeys(lost, Outcome.NOT_RUN))
        return lost

    def _is_done(self, stage: str) -> bool:
        return stage in self.outcomes and self.outcomes[stage].is_done


def _measure_paths(graph: Graph) -> dict[str, int]:
    """Return the number of stages on the longest path from each stage to an end."""
    lengths: dict[str, int] = {}

    def measure(stage: str) -> int:
        if stage not in lengths:
            after = graph.dependents[stage] & graph.inputs.keys()
            lengths[stage] = 1 + max(map(measure, after), default=0)
        return lengths[stage]

    for stage in graph.inputs:
        measure(stage)
    return lengths
