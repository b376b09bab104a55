"""From scores of single images to results: protocols, means, gains over the baseline, intervals.

Owns what a model is measured under and how its images are summed up. A task's baseline is what
stands there without any model: bicubic upsampling for ``sr``, the degraded input itself where an
image keeps its size. Every gain is the mean of differences on the same images, the model's score
less the baseline's, never a difference of pooled values. Reads no image.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, astuple, dataclass, fields

import numpy as np
from numpy.typing import ArrayLike, NDArray

from lienet.draws import keyed_generator
from lienet.errors import DataError, ParamsError
from lienet.params import Protocol

WHOLE_IMAGE_MEASURES = ("vmaf", "ciede2000", "sharpness")
"""Measured once for each image, in colour and without a crop."""
_FIGURES = ("psnr_db", "ssim", "psnr_gain_db", "ssim_gain", *WHOLE_IMAGE_MEASURES)
_DECIMALS = 6
_MAX_DRAWS_AT_ONCE = 2_000_000


@dataclass(frozen=True)
class ImageScore:
    """One enhanced image under one protocol, beside the baseline of the same input.

    What follows ``ssim`` is of the whole image, the same under every protocol of a scale, and None
    where it was not asked for.
    """

    protocol: str
    test_set: str
    key: str
    psnr_db: float
    ssim: float
    vmaf: float | None
    baseline_psnr_db: float
    baseline_ssim: float
    baseline_vmaf: float | None = None
    ciede2000: float | None = None
    """Colour error, mean over pixels; lower is better."""
    baseline_ciede2000: float | None = None
    sharpness: float | None = None
    """Sharpness of the enhanced image over that of the reference; 1 is as sharp."""
    baseline_sharpness: float | None = None


@dataclass(frozen=True)
class Interval:
    """A mean and its bootstrap interval."""

    mean: float
    low: float
    high: float


@dataclass(frozen=True)
class Result:
    """One model under one protocol on one test set: means over images, gains over the baseline."""

    num_images: int
    psnr_db: float
    ssim: float
    vmaf: float | None
    psnr_gain_db: float
    psnr_gain_low_db: float
    psnr_gain_high_db: float
    ssim_gain: float
    ssim_gain_low: float
    ssim_gain_high: float
    vmaf_gain: float | None = None
    vmaf_gain_low: float | None = None
    vmaf_gain_high: float | None = None
    ciede2000: float | None = None
    ciede2000_gain: float | None = None
    """The model's colour error less the baseline's: below zero is better."""
    ciede2000_gain_low: float | None = None
    ciede2000_gain_high: float | None = None
    sharpness: float | None = None
    sharpness_gain: float | None = None
    sharpness_gain_low: float | None = None
    sharpness_gain_high: float | None = None


Results = dict[str, dict[str, Result]]
"""By protocol, then by test set."""


def select_protocols(
    protocols: Mapping[str, Protocol], *, task: str, scale: int | None
) -> dict[str, Protocol]:
    """Return the protocols of a task and scale; of every scale where it is None.

    Raises:
        ParamsError: there is none.
    """
    selected = {
        name: protocol
        for name, protocol in protocols.items()
        if protocol.task == task and scale in (None, protocol.scale)
    }
    if not selected:
        raise ParamsError(
            f"evaluate.protocols has none for the task {task} at scale {scale}",
            remedy="edit params.yaml",
        )
    return selected


def paired_bootstrap(
    differences: ArrayLike, *, resamples: int, confidence: float, seed: int
) -> Interval:
    """Return the mean of paired differences with its percentile bootstrap interval.

    Images are drawn with replacement, as many as there are, ``resamples`` times; the interval
    holds the central ``confidence`` of the means. One image alone gives an interval of no width,
    which says nothing. Source: Efron and Tibshirani, "An Introduction to the Bootstrap", 1993,
    chapter 13.

    Args:
        differences: one for each image: one model's score less the other's.
        resamples: how many sets are drawn.
        confidence: between 0 and 1.
        seed: the same seed and number of images draw the same sets.

    Raises:
        DataError: there are no differences, or one is not finite.
    """
    values: NDArray[np.float64] = np.asarray(differences, dtype=np.float64)
    if values.ndim != 1 or not values.size or not np.isfinite(values).all():
        raise DataError("a paired bootstrap needs finite differences", got=f"{values!r:.80}")
    generator = keyed_generator(seed, "bootstrap", values.size)
    means = np.empty(resamples)
    step = max(1, _MAX_DRAWS_AT_ONCE // values.size)
    for start in range(0, resamples, step):
        part = means[start : start + step]
        draws = generator.integers(values.size, size=(part.size, values.size), dtype=np.int32)
        part[:] = values[draws].mean(axis=1)
    tail = (1.0 - confidence) / 2.0
    low, high = np.quantile(means, (tail, 1.0 - tail))
    return Interval(mean=float(values.mean()), low=float(low), high=float(high))


def summarise(
    scores: Iterable[ImageScore], *, resamples: int, confidence: float, seed: int
) -> Results:
    """Average the scores of each protocol and test set."""
    groups: dict[str, dict[str, list[ImageScore]]] = {}
    for score in scores:
        groups.setdefault(score.protocol, {}).setdefault(score.test_set, []).append(score)

    def bound(differences: list[float]) -> Interval:
        return paired_bootstrap(differences, resamples=resamples, confidence=confidence, seed=seed)

    results: Results = {}
    for protocol, sets in groups.items():
        for test_set, group in sets.items():
            psnr = bound([score.psnr_db - score.baseline_psnr_db for score in group])
            ssim = bound([score.ssim - score.baseline_ssim for score in group])
            results.setdefault(protocol, {})[test_set] = Result(
                num_images=len(group),
                psnr_db=float(np.mean([score.psnr_db for score in group])),
                ssim=float(np.mean([score.ssim for score in group])),
                psnr_gain_db=psnr.mean,
                psnr_gain_low_db=psnr.low,
                psnr_gain_high_db=psnr.high,
                ssim_gain=ssim.mean,
                ssim_gain_low=ssim.low,
                ssim_gain_high=ssim.high,
                **_summarise_whole_images(group, bound),
            )
    return results


def _summarise_whole_images(
    group: Sequence[ImageScore], bound: Callable[[list[float]], Interval]
) -> dict[str, float | None]:
    """Return mean and gain of what was measured on whole images, by the fields of a result."""
    summary: dict[str, float | None] = {}
    for name in WHOLE_IMAGE_MEASURES:
        own = [getattr(score, name) for score in group]
        theirs = [getattr(score, f"baseline_{name}") for score in group]
        summary[name] = mean_or_none(own)
        if mean_or_none(own + theirs) is not None:
            gain = bound([ours - base for ours, base in zip(own, theirs, strict=True)])
            summary[f"{name}_gain"] = gain.mean
            summary[f"{name}_gain_low"], summary[f"{name}_gain_high"] = gain.low, gain.high
    return summary


def flatten_results(results: Results, *, headline: str) -> dict[str, float]:
    """Return each figure by ``<protocol>/<test set>/<measure>``, and those of one by bare names.

    Args:
        results: of one model.
        headline: the protocol whose means over the images of all test sets go by the measure alone.
    """
    figures: dict[str, float | None] = {
        f"{protocol}/{test_set}/{measure}": getattr(result, measure)
        for protocol, sets in results.items()
        for test_set, result in sets.items()
        for measure in _FIGURES
    }
    sets = results[headline].values()
    for measure in (*_FIGURES, "vmaf_gain"):
        values = [getattr(result, measure) for result in sets]
        if mean_or_none(values) is not None:
            weights = [result.num_images for result in sets]
            figures[measure] = float(np.average(values, weights=weights))
    return {name: value for name, value in figures.items() if value is not None}


def mean_or_none(values: Sequence[float | None]) -> float | None:
    """Return the mean, or None where any value was not measured."""
    measured = [value for value in values if value is not None]
    return float(np.mean(measured)) if measured and len(measured) == len(values) else None


def results_as_json(results: Results) -> dict[str, dict[str, dict[str, object]]]:
    """Return results as plain values, rounded to six decimals."""
    return {
        protocol: {
            test_set: {name: _round(value) for name, value in asdict(result).items()}
            for test_set, result in sets.items()
        }
        for protocol, sets in results.items()
    }


def format_results(results: Results) -> str:
    """Return a line for each protocol and test set under a header; "-" if not measured."""
    lines = [
        f"{'protocol':16}  {'test set':16}  images  PSNR (dB)     gain    SSIM     gain   VMAF"
        "  CIEDE2000"
    ]
    for protocol, sets in results.items():
        for test_set, row in sets.items():
            vmaf = "-" if row.vmaf is None else f"{row.vmaf:.2f}"
            colour = "-" if row.ciede2000 is None else f"{row.ciede2000:.2f}"
            lines.append(
                f"{protocol:16}  {test_set:16}  {row.num_images:6}  {row.psnr_db:9.3f}"
                f"  {row.psnr_gain_db:+7.3f}  {row.ssim:.4f}  {row.ssim_gain:+.4f}  {vmaf:>5}"
                f"  {colour:>9}"
            )
    return "\n".join(lines)


def scores_as_csv(scores: Iterable[ImageScore]) -> str:
    """Return one line for each image and protocol, under a header; None is left empty."""
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow([field.name for field in fields(ImageScore)])
    writer.writerows([_round(value) for value in astuple(score)] for score in scores)
    return stream.getvalue()


def _round(value: object) -> object:
    return round(value, _DECIMALS) if isinstance(value, float) else value
