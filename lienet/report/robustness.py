"""What networks gain over the baseline at each JPEG quality that they were measured at.

Owns which measurements belong together: those on one test set at one scale, in one colour space and
with one crop, of all tasks, so that networks trained on other qualities stand side by side.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from lienet.degradations.sr import SrDegradation
from lienet.evaluation.scores import Interval
from lienet.params import Chroma, Params, Protocol, Task
from lienet.report.tables import Group


@dataclass(frozen=True)
class Curve:
    """One network at several JPEG qualities."""

    task: Task
    model: str
    trained: tuple[float, float] | None
    """The lowest and the highest quality that it learned from, where that is known."""
    gains: Mapping[int, Interval]
    """Over the baseline, in dB, by quality from the lowest on."""
    is_ours: bool


@dataclass(frozen=True)
class Robustness:
    """The networks that were measured on a test set in one way, at several qualities."""

    test_set: str
    num_images: int
    scale: int
    colour: str
    jpeg_chroma: Chroma | None
    curves: Sequence[Curve]

    @property
    def qualities(self) -> list[int]:
        """All qualities, from the lowest to the highest."""
        return sorted({quality for curve in self.curves for quality in curve.gains})


def gather_robustness(params: Params, groups: Sequence[Group]) -> list[Robustness]:
    """Gather the networks that were measured at more than one quality.

    Args:
        params: the active set.
        groups: what Table 1 shows; ablations left out.

    Returns:
        by way of measuring, as ``evaluate.protocols`` list them, then by test set; none where no
        network was measured at two qualities.
    """
    alike: dict[tuple[object, ...], list[tuple[Protocol, Group]]] = {}
    for name, protocol in params.evaluate.protocols.items():
        way = protocol.model_dump(exclude={"task", "jpeg_quality"})
        for group in groups:
            if group.protocol == name and protocol.jpeg_quality is not None:
                place = (*way.values(), group.test_set)
                alike.setdefault(place, []).append((protocol, group))
    found = []
    for measured in alike.values():
        if curves := _gather_curves(params, measured):
            protocol, group = measured[0]
            found.append(
                Robustness(
                    test_set=group.test_set,
                    num_images=group.num_images,
                    scale=protocol.scale,
                    colour=protocol.colour,
                    jpeg_chroma=protocol.jpeg_chroma,
                    curves=curves,
                )
            )
    return found


def _gather_curves(params: Params, measured: Sequence[tuple[Protocol, Group]]) -> list[Curve]:
    gains: dict[tuple[Task, str], dict[int, Interval]] = {}
    ours = set()
    for protocol, group in measured:
        for row in group.rows:
            gain = row.measured.gains.get("psnr_db")
            if row.is_network and gain is not None and protocol.jpeg_quality is not None:
                place = (group.task, row.model)
                gains.setdefault(place, {})[protocol.jpeg_quality] = gain
                ours |= {place} if row.is_ours else set()
    return [
        Curve(
            task,
            model,
            _find_trained(params, task),
            dict(sorted(by_quality.items())),
            (task, model) in ours,
        )
        for (task, model), by_quality in gains.items()
        if len(by_quality) > 1
    ]


def _find_trained(params: Params, task: Task) -> tuple[float, float] | None:
    degradation = params.synthesize.tasks[task]
    return degradation.jpeg_range if isinstance(degradation, SrDegradation) else None
