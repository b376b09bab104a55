"""The same photographs at three strengths of the old-photograph recipe, for Figure 5."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from lienet.draws import generators_of
from lienet.images import Pixels, decode_image
from lienet.params import Degradation, Params
from lienet.report.pictures import Comparison

STRENGTHS = {"low": 0.0, "middle": 0.5, "high": 1.0}
"""0 is the mild end of every range in params, 1 the strong end."""


@dataclass(frozen=True)
class AgedPhotograph:
    """One test photograph, RGB uint8 HWC, and what the recipe makes of it by strength."""

    key: str
    original: Pixels
    aged: Mapping[str, Pixels]


def age_photographs(params: Params, comparisons: Sequence[Comparison]) -> list[AgedPhotograph]:
    """Degrade the references of the first task of old photographs at each strength."""
    tasks = params.synthesize.tasks
    task = next((name for name, each in tasks.items() if each.shows_real), None)
    return [
        AgedPhotograph(
            each.key,
            each.reference,
            {
                name: _age(tasks[each.task], strength, each, params.seed)
                for name, strength in STRENGTHS.items()
            },
        )
        for each in comparisons
        if each.task == task
    ]


def _age(degradation: Degradation, strength: float, each: Comparison, seed: int) -> Pixels:
    draw = generators_of(seed, degradation.kind, each.key)
    return decode_image(degradation.at_strength(strength).make_input(each.reference, draw).content)
