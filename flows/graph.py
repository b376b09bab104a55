"""The graph as DVC tells it: its stages, what each waits for, and which are up to date.

Nothing of ``dvc.yaml`` is repeated or even read here; DVC is asked by its command line.
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from graphlib import TopologicalSorter

from flows.dvc import Dvc
from lienet.errors import InputError, ToolError

CODE = "code"
"""The stage that writes the fingerprint of each other stage's code."""
_EDGE = re.compile(r'^\s*"([^"]+)" -> "([^"]+)";$')
_NODE = re.compile(r'^\s*"([^"]+)";$')


@dataclass(frozen=True)
class Graph:
    """Stages in DVC's order, each with the stages that it waits for."""

    inputs: Mapping[str, frozenset[str]]

    def order(self) -> list[str]:
        """Return the stages, each after those that it waits for."""
        return list(TopologicalSorter(self.inputs).static_order())

    def all_inputs(self, stages: Iterable[str]) -> set[str]:
        """Return the stages and all that they wait for, directly or not."""
        reached = set(stages)
        waiting = list(reached)
        while waiting:
            for stage in self.inputs[waiting.pop()] - reached:
                reached.add(stage)
                waiting.append(stage)
        return reached

    def current(self, changed: Collection[str]) -> set[str]:
        """Return the stages that are up to date and stay so: all that they wait for is, too."""
        current: set[str] = set()
        for stage in self.order():
            if stage not in changed and self.inputs[stage] <= current:
                current.add(stage)
        return current

    def only(self, stages: Iterable[str]) -> Graph:
        """Return the part of the graph that consists of these stages."""
        kept = set(stages)
        return Graph({one: its & kept for one, its in self.inputs.items() if one in kept})

    def select(self, targets: Sequence[str]) -> Graph:
        """Return the part of the graph that makes the targets; all of it where there are none.

        Args:
            targets: names of stages, or what stands before the "@" of several.

        Raises:
            InputError: a target is no stage.
        """
        if not targets:
            return self
        chosen: set[str] = set()
        for target in targets:
            named = {one for one in self.inputs if target in (one, one.partition("@")[0])}
            if not named:
                known = ", ".join(dict.fromkeys(one.partition("@")[0] for one in self.inputs))
                raise InputError(
                    "targets must be stages of dvc.yaml",
                    got=repr(target)[:80],
                    remedy=f"name one of {known}, or one of its items as stage@item",
                )
            chosen |= named
        return self.only(self.all_inputs(chosen))


def read_graph(dvc: Dvc) -> Graph:
    """Ask DVC for the whole graph.

    Raises:
        ToolError: dvc.yaml is not valid, or what DVC prints is not understood.
    """
    return parse_dot(dvc.ask("dag", "--dot"))


def read_changed(dvc: Dvc) -> set[str]:
    """Ask DVC for the stages of which something has changed.

    Raises:
        ToolError: dvc.yaml is not valid, or what DVC prints is not understood.
    """
    return parse_status(dvc.ask("status", "--json"))


def has_remote(dvc: Dvc) -> bool:
    """Return whether DVC has a remote to pull from and push to."""
    return bool(dvc.ask("remote", "list").strip())


def require_remote(dvc: Dvc) -> None:
    """Refuse to pull or push where there is nothing to pull from.

    Raises:
        InputError: DVC has no remote.
    """
    if not has_remote(dvc):
        raise InputError(
            "pull and push need a DVC remote",
            remedy="dvc remote add --default NAME URL, or leave them out",
        )


def parse_dot(text: str) -> Graph:
    """Read what ``dvc dag --dot`` prints."""
    inputs: dict[str, set[str]] = {}
    for line in text.splitlines():
        if node := _NODE.match(line):
            inputs.setdefault(node[1], set())
        elif edge := _EDGE.match(line):
            inputs.setdefault(edge[1], set())
            inputs.setdefault(edge[2], set()).add(edge[1])
    if not inputs:
        raise ToolError("dvc dag names no stage", remedy="see that dvc.yaml lists stages")
    return Graph({stage: frozenset(its) for stage, its in inputs.items()})


def parse_status(text: str) -> set[str]:
    """Read what ``dvc status --json`` prints: the stages of which something has changed."""
    start = text.find("{")
    try:
        return set(json.JSONDecoder().raw_decode(text[start:])[0] if start >= 0 else {})
    except ValueError as error:
        raise ToolError(f"dvc status printed no JSON: {text[:200]}") from error
