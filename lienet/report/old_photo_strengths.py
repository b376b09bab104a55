"""The same photographs at three strengths of the old-photograph recipe, for Figure 5."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from lienet.images import Pixels, decode_image
from lienet.params import Params
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
    """Degrade the references of the task ``old_photo`` at each strength, JPEG included."""
    originals = [each for each in comparisons if each.task == "old_photo"]
    if not originals:
        return []
    from lienet.degradations.old_photo import degrade_old_photo, generator_of, look_at_strength

    recipe = params.synthesize.tasks.old_photo
    looks = {name: look_at_strength(recipe, strength) for name, strength in STRENGTHS.items()}
    return [
        AgedPhotograph(
            each.key,
            each.reference,
            {
                name: decode_image(
                    degrade_old_photo(each.reference, look, generator_of(params.seed, each.key))
                )
                for name, look in looks.items()
            },
        )
        for each in originals
    ]
