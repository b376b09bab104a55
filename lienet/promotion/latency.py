"""A challenger's latency beside that of a reference network of the same workspace.

Owns when the two may be compared: timed in one run, of the same data, the reference's present
weights.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from lienet.errors import DataError
from lienet.evaluation.scores import Evaluation
from lienet.evaluation.timings import read_timed_evaluation
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
    input_px: tuple[int, int]
    """Height and width that both were timed on."""


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
    (latency_ms, input_px), (reference_ms, _) = map(_take_latency, (ours, theirs))
    return LatencyComparison(
        latency_ms=latency_ms,
        reference=budget.reference,
        reference_ms=reference_ms,
        ratio=latency_ms / reference_ms,
        max_ratio=budget.ratio,
        input_px=input_px,
    )


def _read(workspace: Workspace, spec: Model) -> Evaluation:
    remedy = (
        f"promote.tasks.{spec.task}.max_latency needs it: run lienet evaluate "
        f"{spec.task}-{spec.name}"
    )
    return read_timed_evaluation(workspace, spec.task, spec.name, remedy=remedy)


def _find_mismatches(
    ours: Evaluation, theirs: Evaluation, reference: Model, card: ModelCard
) -> Iterator[tuple[str, str]]:
    """Yield each rule that the reference's evaluation breaks, with what was got instead."""
    as_ours = f"as {ours.task}-{ours.model} was"
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


def _take_latency(evaluation: Evaluation) -> tuple[float, tuple[int, int]]:
    """Return the latency and the size of the input that it was taken on."""
    latency_ms, input_px = evaluation.latency_ms, evaluation.latency_input_px
    if latency_ms is None or input_px is None or not latency_ms > 0.0:
        raise DataError(
            f"{evaluation.task}-{evaluation.model} was not timed with its present weights",
            remedy=f"run `lienet time {evaluation.task}`",
        )
    return latency_ms, input_px


def _shorten(sha256: str | None) -> str:
    return sha256[:_HASH_CHARS] if sha256 else "none"
