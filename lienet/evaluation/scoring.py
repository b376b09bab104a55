"""A method over test samples: enhance, compare with the references, hand the images on.

Owns the walk over samples, one held at a time beside the bounded VMAF batch. What is measured is
the protocols' to say; where results go is the caller's.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import Executor, ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any
from typing import Protocol as Interface

from torch import nn

from lienet.deployment.enhancer import Enhancer
from lienet.errors import DataError
from lienet.evaluation.benchmark import ImageScore
from lienet.evaluation.metrics import (
    measure_ciede2000,
    measure_relative_sharpness,
    prepare_pair,
    psnr_of_prepared,
    ssim_of_prepared,
)
from lienet.evaluation.vmaf import VmafBatch
from lienet.executors import count_workers
from lienet.images import Pixels, decode_image
from lienet.networks.rivals import Bicubic
from lienet.params import Protocol
from lienet.shards.reading import Sample


class Enhances(Interface):
    """Anything that turns an image into a better one."""

    def enhance(self, pixels: Pixels) -> Pixels:
        """Map RGB uint8 ``h w 3`` to the same, ``scale`` times as high and wide."""
        ...


class Unchanged:
    """The input itself: the baseline of the tasks that keep an image's size."""

    def enhance(self, pixels: Pixels) -> Pixels:
        """Return ``pixels``."""
        return pixels


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
    contenders = {}
    for scale, model in models.items():
        baseline: Enhances = Unchanged()
        if scale > 1:
            baseline = Enhancer(Bicubic(scale), scale=scale, tile_px=tile_px)
        is_baseline = isinstance(model, Bicubic)
        enhancer = baseline if is_baseline else Enhancer(model, scale=scale, tile_px=tile_px)
        contenders[scale] = Contender(enhancer, baseline)
    return contenders


def score_samples(
    samples: Iterable[Sample],
    contenders: Mapping[int, Contender],
    protocols: Mapping[str, Protocol],
    *,
    with_vmaf: bool,
    with_ciede2000: bool = False,
    on_image: Callable[[EnhancedImage], None] = lambda image: None,
) -> list[ImageScore]:
    """Measure a method on every sample under every protocol.

    Args:
        samples: read once, lazily.
        contenders: one for each scale of ``protocols``.
        protocols: by name.
        with_vmaf: measure VMAF too, once for each image and scale.
        with_ciede2000: measure the colour error too, likewise.
        on_image: is given every enhanced image, in the order of the samples.

    Returns:
        Scores by protocol, then in the order of the samples.

    Raises:
        DataError: a sample lacks a scale, a test set or its reference, or its images do not fit
            each other.
    """
    scores: list[tuple[int, ImageScore]] = []
    vmaf = VmafBatch[tuple[int, str, bool]]()
    with ThreadPoolExecutor(count_workers(0)) as threads:
        for sample in samples:
            reference = _decode_reference(sample)
            for scale, contender in contenders.items():
                wanted = {name: each for name, each in protocols.items() if each.scale == scale}
                image, baseline = _enhance(sample, reference, scale, contender)
                on_image(image)
                versions = [image.pixels] + [baseline] * (baseline is not image.pixels)
                if with_vmaf:
                    for is_baseline, pixels in enumerate(versions):
                        vmaf.add((scale, sample.key, bool(is_baseline)), reference, pixels)
                whole = _measure_whole(reference, versions, scale, with_ciede2000, threads)
                for score in _measure(reference, image, versions, wanted, threads):
                    scores.append((scale, replace(score, **whole)))
    vmafs = vmaf.finish()
    order = {name: place for place, name in enumerate(protocols)}
    finished = []
    for scale, score in scores:
        own = vmafs.get((scale, score.key, False))
        baseline_vmaf = vmafs.get((scale, score.key, True), own)
        finished.append(replace(score, vmaf=own, baseline_vmaf=baseline_vmaf))
    return sorted(finished, key=lambda score: order[score.protocol])


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
    return EnhancedImage(scale, test_set, sample.key, enhanced, degraded, reference), baseline


def _measure_whole(
    reference: Pixels,
    versions: list[Pixels],
    scale: int,
    with_ciede2000: bool,
    threads: Executor,
) -> dict[str, Any]:
    """Return the measures of whole images by the fields of a score, for it and the baseline."""
    measures = {}
    if scale == 1:
        measures["sharpness"] = measure_relative_sharpness
    if with_ciede2000:
        measures["ciede2000"] = measure_ciede2000
    found = {}
    for name, measure in measures.items():
        values = list(threads.map(partial(measure, reference), versions))
        found[name], found[f"baseline_{name}"] = values[0], values[-1]
    return found


def _measure(
    reference: Pixels,
    image: EnhancedImage,
    versions: list[Pixels],
    protocols: Mapping[str, Protocol],
    threads: Executor,
) -> Iterator[ImageScore]:
    def measure(job: tuple[Protocol, Pixels]) -> tuple[float, float]:
        protocol, pixels = job
        pair = prepare_pair(reference, pixels, colour=protocol.colour, border_px=protocol.border_px)
        return psnr_of_prepared(*pair), ssim_of_prepared(*pair)

    jobs = [(protocol, pixels) for protocol in protocols.values() for pixels in versions]
    qualities = list(threads.map(measure, jobs))
    for place, name in enumerate(protocols):
        own, *others = qualities[place * len(versions) : (place + 1) * len(versions)]
        theirs = others[0] if others else own
        yield ImageScore(name, image.test_set, image.key, *own, None, *theirs)
