"""Measures of a picture without a reference: noise, saturation, contrast, sharpness.

Owns the measures that are taken of real old photographs before and after enhancement, where no
undegraded original exists. None of them is a quality by itself: a denoised picture has less
sharpness as well, and a tinted one more saturation. They say what a method did, not how well.
Metrics that need no reference are measured beside them, where params name any.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field

import cv2
import numpy as np

from lienet.degradations.noise import estimate_noise
from lienet.errors import DataError
from lienet.evaluation.methods import Enhances
from lienet.evaluation.metrics import FULL_RANGE_LUMA, measure_sharpness
from lienet.evaluation.scoring import EnhancedImage
from lienet.images import Pixels, decode_image
from lienet.params import Metric
from lienet.shards.reading import Sample

_DECIMALS = 4


@dataclass(frozen=True)
class Appearance:
    """One picture; noise, contrast and sharpness are on the scale of 0 to 255."""

    noise: float
    """Estimated standard deviation of white noise, mean over channels."""
    saturation: float
    """Mean chroma in CIELAB; grey is 0."""
    contrast: float
    """Standard deviation of BT.601 luma."""
    sharpness: float
    """Root mean square gradient of luma, per pixel."""
    scores: Mapping[str, float] = field(default_factory=dict)
    """Metrics that need no reference, by name."""

    def list_values(self) -> dict[str, float]:
        """Return every number by its name, metrics last."""
        values = asdict(self)
        scores: dict[str, float] = values.pop("scores")
        return values | scores


@dataclass(frozen=True)
class AppearanceChange:
    """A real photograph before and after enhancement."""

    test_set: str
    key: str
    before: Appearance
    after: Appearance


def measure_appearance(pixels: Pixels, metrics: Mapping[str, Metric] | None = None) -> Appearance:
    """Measure one picture, RGB uint8 ``h w 3`` of at least 8 pixels a side.

    Args:
        pixels: the picture.
        metrics: measured beside; those that need no reference.
    """
    lab = cv2.cvtColor(pixels.astype(np.float32) / 255, cv2.COLOR_RGB2LAB)
    luma = pixels @ FULL_RANGE_LUMA
    return Appearance(
        noise=estimate_noise(pixels),
        saturation=float(np.hypot(lab[..., 1], lab[..., 2]).mean(dtype=np.float64)),
        contrast=float(luma.std(dtype=np.float64)),
        sharpness=measure_sharpness(pixels),
        scores={name: each.measure(pixels, pixels) for name, each in (metrics or {}).items()},
    )


def compare_appearances(
    samples: Iterable[Sample],
    enhancer: Enhances,
    *,
    metrics: Mapping[str, Metric] | None = None,
    on_image: Callable[[EnhancedImage], None] = lambda image: None,
) -> list[AppearanceChange]:
    """Enhance real photographs and measure each before and after.

    Args:
        samples: of the split ``real``, at scale 1 and without references; read once, lazily.
        enhancer: a method that keeps an image's size.
        metrics: by name, of which those are measured that need no reference.
        on_image: is given every enhanced image, in the order of the samples.

    Raises:
        DataError: a sample lacks its picture or its test set.
    """
    changes = []
    blind = {name: each for name, each in (metrics or {}).items() if not each.needs_reference}
    for sample in samples:
        try:
            degraded, test_set = decode_image(sample.degraded[1]), str(sample.info["test_set"])
        except KeyError as error:
            raise DataError(
                f"real sample {sample.key} lacks {error}", remedy="run `lienet synthesize` again"
            ) from error
        enhanced = enhancer.enhance(degraded)
        on_image(EnhancedImage(1, test_set, sample.key, enhanced, degraded, None))
        before, after = (measure_appearance(each, blind) for each in (degraded, enhanced))
        changes.append(AppearanceChange(test_set, sample.key, before, after))
    return changes


def changes_as_json(changes: Sequence[AppearanceChange]) -> dict[str, dict[str, object]]:
    """Return, by test set, the means before and after and every image's own, to four decimals."""
    sets: dict[str, list[AppearanceChange]] = {}
    for change in changes:
        sets.setdefault(change.test_set, []).append(change)
    return {
        test_set: {
            "num_images": len(group),
            "before": _mean([change.before for change in group]),
            "after": _mean([change.after for change in group]),
            "images": {
                change.key: {"before": _mean([change.before]), "after": _mean([change.after])}
                for change in group
            },
        }
        for test_set, group in sets.items()
    }


def _mean(group: Sequence[Appearance]) -> dict[str, float]:
    values = [each.list_values() for each in group]
    return {
        name: round(float(np.mean([each[name] for each in values])), _DECIMALS)
        for name in values[0]
    }
