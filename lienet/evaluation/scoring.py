"""Scores of a method over test samples: enhance, compare with the references.

Owns the walk over samples, one held at a time beside the bounded VMAF batch. What is measured is
the protocols' to say; where results go is the caller's.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import Executor, ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import NamedTuple

from torch import nn

from lienet.deployment.enhancer import Enhancer
from lienet.errors import DataError, InputError
from lienet.evaluation.matlab_luma import measure_in_matlab_luma, measure_published_bicubic
from lienet.evaluation.measures import Batch, BatchMetric
from lienet.evaluation.methods import Enhances, make_baseline
from lienet.evaluation.metrics import measure_quality
from lienet.evaluation.scores import ImageScore
from lienet.executors import count_workers
from lienet.images import Pixels, decode_image
from lienet.params import Metric, Protocol
from lienet.shards.reading import Sample


class Given(NamedTuple):
    """In which way a test image is given, where those of its task are given in several."""

    jpeg_quality: int | None = None
    side_px: int | None = None

    def is_measured_by(self, protocol: Protocol) -> bool:
        """Tell whether a protocol measures such images."""
        is_its_quality = self.jpeg_quality in (None, protocol.jpeg_quality)
        return is_its_quality and self.side_px == protocol.side_px


@dataclass(frozen=True)
class EnhancedImage:
    """What a method made of one image; all RGB uint8, ``h w 3``."""

    scale: int
    test_set: str
    key: str
    pixels: Pixels
    degraded: Pixels
    reference: Pixels | None
    """None for real photographs, of which there is none."""
    given: Given = field(default_factory=Given)


@dataclass(frozen=True)
class Contender:
    """A method at one scale, and the baseline that its gains are measured from."""

    enhancer: Enhances
    baseline: Enhances


def make_contenders(
    models: Mapping[int, nn.Module | Path], *, tile_px: int
) -> dict[int, Contender]:
    """Set each scale's network, a module or an ONNX file, beside the scale's baseline.

    Raises:
        ModelError: an ONNX file cannot be used.
    """
    return {
        scale: Contender(
            Enhancer(model, scale=scale, tile_px=tile_px), make_baseline(scale, tile_px=tile_px)
        )
        for scale, model in models.items()
    }


def score_samples(
    samples: Iterable[Sample],
    contenders: Mapping[int, Contender],
    protocols: Mapping[str, Protocol],
    *,
    metrics: Mapping[str, Metric],
    on_image: Callable[[EnhancedImage], None] = lambda image: None,
) -> list[ImageScore]:
    """Measure a method on every sample under every protocol of its variant.

    Args:
        samples: read once, lazily.
        contenders: one for each scale of ``protocols``.
        protocols: by name.
        metrics: by name; measured of whole images, once for each image and scale.
        on_image: is given every enhanced image, in the order of the samples.

    Returns:
        Scores by protocol, then in the order of the samples.

    Raises:
        DataError: a sample lacks a scale, a test set or its reference, or its images do not fit
            each other.
    """
    single = {name: each for name, each in metrics.items() if not isinstance(each, BatchMetric)}
    batches: dict[str, Batch] = {
        name: each.open_batch() for name, each in metrics.items() if isinstance(each, BatchMetric)
    }
    scores: list[tuple[int, ImageScore]] = []
    with ThreadPoolExecutor(count_workers(0)) as threads:
        for sample in samples:
            reference = _decode_reference(sample)
            for scale, contender in contenders.items():
                wanted = {
                    name: each
                    for name, each in protocols.items()
                    if each.scale == scale and tell_variant(sample).is_measured_by(each)
                }
                if not wanted:
                    continue
                image, baseline = _enhance(sample, reference, scale, contender)
                on_image(image)
                versions = [image.pixels] + [baseline] * (baseline is not image.pixels)
                for batch in batches.values():
                    for is_baseline, pixels in enumerate(versions):
                        batch.add((scale, sample.key, bool(is_baseline)), reference, pixels)
                whole = _measure_whole(reference, versions, single, threads)
                for score in _measure(reference, image, versions, wanted, threads):
                    scores.append((scale, _join(score, *whole)))
    order = {name: place for place, name in enumerate(protocols)}
    finished = _add_batches(scores, {name: batch.finish() for name, batch in batches.items()})
    return sorted(finished, key=lambda score: order[score.protocol])


def tell_variant(sample: Sample) -> Given:
    """Return in which way a test sample is given."""
    return Given(sample.info.get("jpeg_quality"), sample.info.get("side_px"))


def _join(
    score: ImageScore, values: Mapping[str, float], baseline: Mapping[str, float]
) -> ImageScore:
    return replace(
        score, values={**score.values, **values}, baseline={**score.baseline, **baseline}
    )


def _add_batches(
    scores: Iterable[tuple[int, ImageScore]],
    measured: Mapping[str, Mapping[tuple[int, str, bool], float]],
) -> Iterator[ImageScore]:
    """Add what was measured of all images at once; a baseline that was not is the image itself."""
    for scale, score in scores:
        values = {name: found[scale, score.key, False] for name, found in measured.items()}
        baseline = {
            name: found.get((scale, score.key, True), values[name])
            for name, found in measured.items()
        }
        yield _join(score, values, baseline)


def _decode_reference(sample: Sample) -> Pixels:
    if sample.reference_png is None:
        raise DataError(
            f"test sample {sample.key} has no reference", remedy="run `lienet synthesize` again"
        )
    return decode_image(sample.reference_png)


def _enhance(
    sample: Sample, reference: Pixels, scale: int, contender: Contender
) -> tuple[EnhancedImage, Pixels]:
    try:
        degraded = decode_image(sample.degraded[scale])
        test_set = str(sample.info["test_set"])
    except KeyError as error:
        raise DataError(
            f"test sample {sample.key} lacks {error}", remedy="run `lienet synthesize` again"
        ) from error
    expected = (degraded.shape[0] * scale, degraded.shape[1] * scale, 3)
    if reference.shape != expected:
        raise DataError(
            f"test sample {sample.key} at x{scale} needs a reference of {expected}",
            got=reference.shape,
            remedy="run `lienet synthesize` again",
        )
    enhanced = contender.enhancer.enhance(degraded)
    is_baseline = contender.enhancer is contender.baseline
    baseline = enhanced if is_baseline else contender.baseline.enhance(degraded)
    image = EnhancedImage(
        *(scale, test_set, sample.key, enhanced, degraded, reference),
        given=tell_variant(sample),
    )
    return image, baseline


def _measure_whole(
    reference: Pixels, versions: list[Pixels], metrics: Mapping[str, Metric], threads: Executor
) -> tuple[dict[str, float], dict[str, float]]:
    """Return the metrics of the enhanced image, and of the baseline."""
    values, baseline = {}, {}
    for name, metric in metrics.items():
        found = [float(v) for v in threads.map(partial(metric.measure, reference), versions)]
        values[name], baseline[name] = found[0], found[-1]
    return values, baseline


def _measure(
    reference: Pixels,
    image: EnhancedImage,
    versions: list[Pixels],
    protocols: Mapping[str, Protocol],
    threads: Executor,
) -> Iterator[ImageScore]:
    def measure(job: tuple[Protocol, Pixels]) -> tuple[float, float]:
        protocol, pixels = job
        is_baseline = pixels is versions[-1]
        return _measure_one(protocol, image.key, reference, pixels, is_baseline=is_baseline)

    jobs = [(protocol, pixels) for protocol in protocols.values() for pixels in versions]
    qualities = list(threads.map(measure, jobs))
    for place, name in enumerate(protocols):
        found = qualities[place * len(versions) : (place + 1) * len(versions)]
        values, baseline = ({"psnr_db": p, "ssim": s} for p, s in (found[0], found[-1]))
        yield ImageScore(name, image.test_set, image.key, values, baseline)


def _measure_one(
    protocol: Protocol, key: str, reference: Pixels, pixels: Pixels, *, is_baseline: bool
) -> tuple[float, float]:
    """Return PSNR and SSIM under a protocol, which may have a baseline of its own."""
    border_px = protocol.border_px
    if protocol.colour != "matlab_luma":
        return measure_quality(reference, pixels, colour=protocol.colour, border_px=border_px)
    is_grey = key in protocol.grey_images
    try:
        if is_baseline:
            return measure_published_bicubic(
                reference, scale=protocol.scale, border_px=border_px, is_grey=is_grey
            )
        return measure_in_matlab_luma(reference, pixels, border_px=border_px, is_grey=is_grey)
    except InputError as error:
        raise DataError(
            f"test image {key}: {error}", remedy="edit evaluate.protocols in params.yaml"
        ) from error
