"""Params whose gate for super-resolution has a budget in latency."""

from __future__ import annotations

from lienet.params import LatencyBudget, Params


def with_latency_budget(params: Params, reference: str, ratio: float) -> Params:
    """Return params under which models of ``sr`` take at most ``ratio`` times the reference."""
    budget = LatencyBudget(reference=reference, ratio=ratio)
    gate = params.promote.tasks["sr"].model_copy(update={"max_latency": budget})
    tasks = {**params.promote.tasks, "sr": gate}
    rule = params.promote.model_copy(update={"tasks": tasks})
    return params.model_copy(update={"promote": rule})
