"""A challenger's latency beside that of a reference network evaluated in the same workspace.

Owns when the two may be compared: same input size, same data, the reference's present weights.
An evaluation does not name its machine; that both ran on one is the user's to see to.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from lienet.errors import DataError
from lienet.evaluation.scores import Evaluation, read_evaluation
from lienet.networks.registry import ModelCard, read_card
from lienet.params import Model, Params
from lienet.workspace import Workspace

_HASH_CHARS = 12


@dataclass(frozen=True)
class LatencyComparison:
    """How long a challenger takes, beside the reference network and the budget."""

    latency_ms: float
    reference: str
    """The reference's key in ``models``."""
    reference_ms: float
    ratio: float
    """The challenger's latency over the reference's."""
    max_ratio: float


def compare_latency(params: Params, workspace: Workspace, spec: Model) -> LatencyComparison | None:
    """Compare a model's latency with its task's reference; None where params set no budget.

    Raises:
        DataError: either is not evaluated, or the two evaluations do not belong together.
        ModelError: the reference is not trained.
    """
    budget = params.promote.tasks[spec.task].max_latency
    if budget is None:
        return None
    reference = params.models[budget.reference]
    ours = _read(workspace, spec)
    theirs = _read(workspace, reference)
    card = read_card(workspace.model_dir(reference.task, reference.name))
    for rule, got in _find_mismatches(ours, theirs, reference, card):
        raise DataError(
            f"{budget.reference}, the reference of promote.tasks.{spec.task}.max_latency, {rule}",
            got=got,
            remedy="run dvc repro",
        )
    latency_ms, reference_ms = _take_latency_ms(ours), _take_latency_ms(theirs)
    return LatencyComparison(
        latency_ms=latency_ms,
        reference=budget.reference,
        reference_ms=reference_ms,
        ratio=latency_ms / reference_ms,
        max_ratio=budget.ratio,
    )


def _read(workspace: Workspace, spec: Model) -> Evaluation:
    remedy = (
        f"promote.tasks.{spec.task}.max_latency needs it: run lienet evaluate "
        f"{spec.task}-{spec.name}"
    )
    return read_evaluation(workspace.evaluation_path(spec.task, spec.name), remedy=remedy)


def _find_mismatches(
    ours: Evaluation, theirs: Evaluation, reference: Model, card: ModelCard
) -> Iterator[tuple[str, str]]:
    """Yield each rule that the reference's evaluation breaks, with what was got instead."""
    as_ours = f"as {ours.task}-{ours.model} was"
    if theirs.latency_input_px != ours.latency_input_px:
        expected, got = (_in_px(each.latency_input_px) for each in (ours, theirs))
        yield f"must be timed for an input of {expected} px (height x width) {as_ours}", got
    for split in sorted({*ours.data_sha256, *theirs.data_sha256}):
        expected, got = (_shorten(each.data_sha256.get(split)) for each in (ours, theirs))
        if theirs.data_sha256.get(split) != ours.data_sha256.get(split):
            yield f"must be of the {split} shards {expected} {as_ours}", got
    if theirs.weights_sha256 != card.weights_sha256:
        expected, got = _shorten(card.weights_sha256), _shorten(theirs.weights_sha256)
        yield f"must be evaluated with its present weights {expected}", got
    for name, value in reference.model_dump(mode="json").items():
        if card.spec.get(name) != value:
            yield f"must be trained with {name} {value} as in params", str(card.spec.get(name))


def _take_latency_ms(evaluation: Evaluation) -> float:
    latency_ms = evaluation.latency_ms
    if latency_ms is None or not latency_ms > 0.0:
        key = f"{evaluation.task}-{evaluation.model}"
        raise DataError(
            f"the evaluation of {key} must hold a latency_ms above zero",
            got=latency_ms if latency_ms is not None else "none",
            remedy=f"run lienet evaluate {key}",
        )
    return latency_ms


def _in_px(size: tuple[int, int]) -> str:
    return "x".join(map(str, size))


def _shorten(sha256: str | None) -> str:
    return sha256[:_HASH_CHARS] if sha256 else "none"
