"""The gate between a challenger and the champion: who is better, and why not.

Arithmetic alone: two sets of scores of the same images, and what params ask for. It refuses to
compare what was measured on other images or under another protocol of the same name.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import pandas as pd
from pydantic import BaseModel, ConfigDict

from lienet.errors import DataError
from lienet.evaluation.intervals import make_bound
from lienet.evaluation.scores import ImageScore, Interval
from lienet.params import Params, Promote, Protocol, Task, metrics
from lienet.promotion.latency import LatencyComparison


class Candidate(BaseModel):
    """A measured model, as much of it as the gate looks at."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    scale: int
    num_params: int
    num_macs: int
    macs_output_px: tuple[int, int]
    parity_error: float
    """The largest difference between ONNX and torch."""
    parity_tolerance: float
    test_sha256: str
    """Of the test shards that the scores were taken on."""
    protocols: Mapping[str, Protocol]
    """The definitions that the scores' names stand for."""
    scores: Sequence[ImageScore]
    latency: LatencyComparison | None = None
    """Beside the task's reference network; None where there is none or it cannot be compared."""
    latency_refusal: str | None = None
    """Why it cannot be compared with the reference, as one line; None if it can."""


@dataclass(frozen=True)
class Verdict:
    """Whether a challenger passes, and each reason against it."""

    passed: bool
    reasons: tuple[str, ...]
    """Why not; empty if it passes."""
    against: str
    """The champion's name, or "the baseline" where there is no champion."""
    measure: str
    protocol: str
    num_images: int
    gain: Interval | None
    """Over the champion, above zero is better; None where the two cannot be compared."""
    latency: LatencyComparison | None
    """Beside the reference of ``max_latency``; None without one, or where it is not comparable."""


def judge(params: Params, task: Task, challenger: Candidate, champion: Candidate | None) -> Verdict:
    """Compare a challenger with the champion, image by image, by what params ask of a task.

    The first model of a task has no champion to beat: it must gain over the task's baseline,
    within the same limits.

    Raises:
        DataError: the champion's scores are of other images; see :func:`is_comparable`.
    """
    if champion is not None and not is_comparable(challenger, champion):
        raise DataError(f"{champion.name} was measured on other images than {challenger.name}")
    gate, rule = params.promote.tasks[task], params.promote
    differences = _differ(challenger, champion, gate.protocol, rule.measure)
    gain = make_bound(rule.confidence)(differences) if differences else None
    against = "the baseline" if champion is None else champion.name
    reasons = [
        *_find_excesses(params, task, challenger),
        *_find_slowness(params, task, challenger),
        *_find_lack_of_gain(rule, gate.protocol, gain, len(differences), against),
    ]
    if champion is not None:
        reasons += _find_falls(rule, challenger, champion)
    return Verdict(
        passed=not reasons,
        reasons=tuple(reasons),
        against=against,
        measure=rule.measure,
        protocol=gate.protocol,
        num_images=len(differences),
        gain=gain,
        latency=challenger.latency,
    )


def describe_gain(verdict: Verdict) -> str:
    """Return by what a model that passed is better, and on how many images."""
    gain = verdict.gain
    assert gain is not None, "nothing passes without a gain"
    return (
        f"{verdict.measure} under {verdict.protocol}: the gain over {verdict.against} is "
        f"{gain.mean:+.4f} with the interval [{gain.low:+.4f}, {gain.high:+.4f}] "
        f"on {verdict.num_images} images, within all limits"
    )


def is_comparable(challenger: Candidate, champion: Candidate) -> bool:
    """Whether both were measured on the same images, by protocols that mean the same."""
    return challenger.test_sha256 == champion.test_sha256 and all(
        champion.protocols.get(name) == challenger.protocols.get(name)
        for name in {score.protocol for score in challenger.scores}
    )


def _find_excesses(params: Params, task: Task, challenger: Candidate) -> Iterator[str]:
    gate = params.promote.tasks[task]
    where = f"promote.tasks.{task}"
    asked = (params.evaluate.macs_output_height_px, params.evaluate.macs_output_width_px)
    if challenger.num_params > gate.max_params:
        yield f"{challenger.num_params:,} parameters exceed {where}.max_params {gate.max_params:,}"
    if challenger.macs_output_px != asked:
        yield f"multiply-adds were counted for {challenger.macs_output_px} px, not for {asked}"
    elif challenger.num_macs > gate.max_macs:
        yield f"{challenger.num_macs:,} multiply-adds exceed {where}.max_macs {gate.max_macs:,}"
    if not challenger.parity_error <= challenger.parity_tolerance:
        yield (
            f"ONNX strays {challenger.parity_error:.1e} from torch, "
            f"tolerance {challenger.parity_tolerance:.1e}"
        )


def _find_slowness(params: Params, task: Task, challenger: Candidate) -> Iterator[str]:
    if params.promote.tasks[task].max_latency is None:
        return
    where, found = f"promote.tasks.{task}.max_latency", challenger.latency
    if found is None:
        yield challenger.latency_refusal or f"latency was not compared, which {where} asks for"
    elif found.ratio > found.max_ratio:
        yield (
            f"latency {found.latency_ms:.1f} ms is {found.ratio:.3f} times the "
            f"{found.reference_ms:.1f} ms of {found.reference}, which exceeds {where}.ratio "
            f"{found.max_ratio:g}"
        )


def _find_lack_of_gain(
    rule: Promote, protocol: str, gain: Interval | None, num_images: int, against: str
) -> Iterator[str]:
    what = f"{rule.measure} under {protocol}"
    if gain is None:
        yield f"{what} was not measured for both"
        return
    if num_images < rule.min_images:
        yield f"{num_images} test images are fewer than promote.min_images {rule.min_images}"
    if not gain.low > 0.0:
        yield (
            f"{what}: the gain over {against} is {gain.mean:+.4f} with the interval "
            f"[{gain.low:+.4f}, {gain.high:+.4f}], which is not above zero"
        )


def _find_falls(rule: Promote, challenger: Candidate, champion: Candidate) -> Iterator[str]:
    """Yield each mean over a test set that fell by more than its measure's tolerance."""
    for measure, tolerance in rule.tolerances.items():
        if tolerance is None:
            continue
        gains = _gains(challenger, champion, measure).dropna()
        means = gains.groupby(level=["protocol", "test_set"], sort=False).mean()
        for protocol, test_set, mean in means[means < -tolerance].reset_index().to_numpy():
            yield (
                f"{measure} under {protocol} on {test_set} is worse by {-mean:.4f}, "
                f"tolerance {tolerance:g}"
            )


def _differ(
    challenger: Candidate, champion: Candidate | None, protocol: str, measure: str
) -> list[float]:
    """Return the deciding differences in the order of images; none unless all can be paired."""
    gains = _gains(challenger, champion, measure)
    deciding = gains[gains.index.get_level_values("protocol") == protocol].sort_index()
    return [] if deciding.isna().any() else deciding.tolist()


def _gains(challenger: Candidate, champion: Candidate | None, measure: str) -> pd.Series[float]:
    """Return what the challenger gains for each of its scores; NaN where one was not measured."""
    ours = _collect(challenger.scores, measure)
    if champion is None:
        theirs = _collect(challenger.scores, measure, is_baseline=True)
    else:
        theirs = _collect(champion.scores, measure).reindex(ours.index)
    return (theirs - ours) if metrics.get(measure).is_less_better else (ours - theirs)


def _collect(
    scores: Sequence[ImageScore], measure: str, *, is_baseline: bool = False
) -> pd.Series[float]:
    """Return a measure by protocol, test set and key; NaN where it was not taken."""
    keys = [(each.protocol, each.test_set, each.key) for each in scores]
    values = [(each.baseline if is_baseline else each.values).get(measure) for each in scores]
    index = pd.MultiIndex.from_tuples(keys, names=["protocol", "test_set", "key"])
    return pd.Series(values, index, dtype=float)
