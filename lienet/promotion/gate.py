"""The gate between a challenger and the champion: who is better, and why not.

Arithmetic alone: two sets of scores of the same images, and what params ask for. It refuses to
compare what was measured on other images or under another protocol of the same name.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import get_args

import numpy as np

from lienet.errors import DataError
from lienet.evaluation.benchmark import paired_bootstrap
from lienet.evaluation.scores import ImageScore, Interval
from lienet.params import Measure, Params, Promote, Protocol, Task, metrics

_Cell = tuple[str, str, str]


@dataclass(frozen=True)
class Candidate:
    """A measured model, as much of it as the gate looks at."""

    name: str
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


@dataclass(frozen=True)
class Verdict:
    """Whether a challenger passes, and each reason against it."""

    passed: bool
    reasons: tuple[str, ...]
    """Why not; empty if it passes."""
    against: str
    """The champion's name, or "the baseline" where there is no champion."""
    measure: Measure
    protocol: str
    num_images: int
    gain: Interval | None
    """Over the champion, above zero is better; None where the two cannot be compared."""

    def as_json(self) -> dict[str, object]:
        """Return plain values."""
        return asdict(self) | {"reasons": list(self.reasons)}


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
    gain = None
    if differences:
        gain = paired_bootstrap(
            differences,
            resamples=params.evaluate.bootstrap_resamples,
            confidence=params.evaluate.bootstrap_confidence,
            seed=params.seed,
        )
    against = "the baseline" if champion is None else champion.name
    reasons = [
        *_find_excesses(params, task, challenger),
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
    for measure in get_args(Measure):
        tolerance: float | None = getattr(rule.tolerances, measure)
        if tolerance is None:
            continue
        by_set: dict[tuple[str, str], list[float]] = {}
        for (protocol, test_set, _), gain in _gains(challenger, champion, measure).items():
            by_set.setdefault((protocol, test_set), []).append(gain)
        for (protocol, test_set), gains in by_set.items():
            mean = float(np.mean(gains))
            if mean < -tolerance:
                yield (
                    f"{measure} under {protocol} on {test_set} is worse by {-mean:.4f}, "
                    f"tolerance {tolerance:g}"
                )


def _differ(
    challenger: Candidate, champion: Candidate | None, protocol: str, measure: Measure
) -> list[float]:
    """Return the deciding differences in the order of images; none unless all can be paired."""
    gains = _gains(challenger, champion, measure)
    cells = [cell for cell in map(_cell_of, challenger.scores) if cell[0] == protocol]
    if any(cell not in gains for cell in cells):
        return []
    return [gains[cell] for cell in sorted(cells)]


def _gains(
    challenger: Candidate, champion: Candidate | None, measure: Measure
) -> dict[_Cell, float]:
    """Return what the challenger gains in each cell that was measured for both."""
    sign = -1.0 if metrics.get(measure).is_less_better else 1.0
    if champion is None:
        other = {_cell_of(each): each.baseline.get(measure) for each in challenger.scores}
    else:
        other = {_cell_of(each): each.values.get(measure) for each in champion.scores}
    gains = {}
    for score in challenger.scores:
        ours, theirs = score.values.get(measure), other.get(_cell_of(score))
        if ours is not None and theirs is not None:
            gains[_cell_of(score)] = sign * (ours - theirs)
    return gains


def _cell_of(score: ImageScore) -> _Cell:
    return score.protocol, score.test_set, score.key
