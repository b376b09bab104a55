"""A network over test samples: enhance, compare with the references, hand the images on.

Owns the walk over samples, one held at a time beside the bounded VMAF batch. What is measured is
the protocols' to say; where results go is the caller's.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import Executor, ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path

from torch import nn

from lienet.data.shards import Sample
from lienet.errors import DataError
from lienet.evaluation.benchmark import ImageScore
from lienet.evaluation.metrics import prepare_pair, psnr_of_prepared, ssim_of_prepared
from lienet.evaluation.vmaf import VmafBatch
from lienet.executors import count_workers
from lienet.images import Pixels, decode_image
from lienet.inference.enhancer import Enhancer
from lienet.models.baselines import Bicubic
from lienet.params import Protocol


@dataclass(frozen=True)
class EnhancedImage:
    """What a network made of one test image."""

    scale: int
    test_set: str
    key: str
    pixels: Pixels
    """RGB uint8, ``h w 3``."""


@dataclass(frozen=True)
class Contender:
    """A network at one scale, and bicubic upsampling, which its gains are measured from."""

    enhancer: Enhancer
    bicubic: Enhancer


def make_contenders(
    models: Mapping[int, nn.Module | Path], *, tile_px: int
) -> dict[int, Contender]:
    """Set each scale's network, a module or an ONNX file, beside bicubic upsampling.

    Raises:
        ModelError: an ONNX file cannot be used.
    """
    contenders = {}
    for scale, model in models.items():
        bicubic = Enhancer(Bicubic(scale), scale=scale, tile_px=tile_px)
        is_bicubic = isinstance(model, Bicubic)
        enhancer = bicubic if is_bicubic else Enhancer(model, scale=scale, tile_px=tile_px)
        contenders[scale] = Contender(enhancer, bicubic)
    return contenders


def score_samples(
    samples: Iterable[Sample],
    contenders: Mapping[int, Contender],
    protocols: Mapping[str, Protocol],
    *,
    with_vmaf: bool,
    on_image: Callable[[EnhancedImage], None] = lambda image: None,
) -> list[ImageScore]:
    """Measure a network on every sample under every protocol.

    Args:
        samples: read once, lazily.
        contenders: one for each scale of ``protocols``.
        protocols: by name.
        with_vmaf: measure VMAF too, once for each image and scale.
        on_image: is given every enhanced image, in the order of the samples.

    Returns:
        Scores by protocol, then in the order of the samples.

    Raises:
        DataError: a sample lacks a scale or a test set, or its images do not fit each other.
    """
    scores: list[tuple[int, ImageScore]] = []
    vmaf = VmafBatch[tuple[int, str]]()
    with ThreadPoolExecutor(count_workers(0)) as threads:
        for sample in samples:
            reference = decode_image(sample.reference_png)
            for scale, contender in contenders.items():
                wanted = {name: each for name, each in protocols.items() if each.scale == scale}
                image, bicubic = _enhance(sample, reference, scale, contender)
                on_image(image)
                if with_vmaf:
                    vmaf.add((scale, sample.key), reference, image.pixels)
                measured = _measure(reference, image, bicubic, wanted, threads)
                scores.extend((scale, score) for score in measured)
    vmafs = vmaf.finish()
    order = {name: place for place, name in enumerate(protocols)}
    finished = [replace(score, vmaf=vmafs.get((scale, score.key))) for scale, score in scores]
    return sorted(finished, key=lambda score: order[score.protocol])


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
    is_bicubic = contender.enhancer is contender.bicubic
    bicubic = enhanced if is_bicubic else contender.bicubic.enhance(degraded)
    return EnhancedImage(scale, test_set, sample.key, enhanced), bicubic


def _measure(
    reference: Pixels,
    image: EnhancedImage,
    bicubic: Pixels,
    protocols: Mapping[str, Protocol],
    threads: Executor,
) -> Iterator[ImageScore]:
    def measure(job: tuple[Protocol, Pixels]) -> tuple[float, float]:
        protocol, pixels = job
        pair = prepare_pair(reference, pixels, colour=protocol.colour, border_px=protocol.border_px)
        return psnr_of_prepared(*pair), ssim_of_prepared(*pair)

    versions = [image.pixels] if bicubic is image.pixels else [image.pixels, bicubic]
    jobs = [(protocol, pixels) for protocol in protocols.values() for pixels in versions]
    qualities = list(threads.map(measure, jobs))
    for place, name in enumerate(protocols):
        own, *others = qualities[place * len(versions) : (place + 1) * len(versions)]
        theirs = others[0] if others else own
        yield ImageScore(name, image.test_set, image.key, *own, None, *theirs)
