"""Samples decoded to pixels: a degraded tile and its reference, checked against each other."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor

from lienet.errors import DataError, ImageError
from lienet.images import Pixels, decode_image
from lienet.shards.reading import Sample

Pair = tuple[Pixels, Pixels]
"""A degraded tile ``(h, w, 3)`` and its reference ``(scale * h, scale * w, 3)``, uint8."""

_MAX_AHEAD = 4
"""Samples for each thread."""


def decode_pair(sample: Sample, scale: int) -> Pair:
    """Decode a sample's input of ``scale`` and its reference.

    Raises:
        DataError: the scale or the reference is missing, an image is broken, or their sizes do
            not agree.
    """
    if scale not in sample.degraded:
        raise DataError(
            f"sample {sample.key} has no input of scale {scale}",
            got=f"scales {sorted(sample.degraded)}",
            remedy="see the scales of its task under synthesize.tasks",
        )
    if sample.reference_png is None:
        raise DataError(f"sample {sample.key} is a real photograph without a reference")
    try:
        degraded = decode_image(sample.degraded[scale])
        reference = decode_image(sample.reference_png)
    except ImageError as error:
        raise DataError(f"sample {sample.key} cannot be decoded: {error}") from error
    height_px, width_px = degraded.shape[:2]
    if reference.shape[:2] != (scale * height_px, scale * width_px):
        raise DataError(
            f"the reference of sample {sample.key} must be {scale} times its input",
            got=f"{reference.shape[:2]} for {degraded.shape[:2]}",
        )
    return degraded, reference


def decode_pairs(samples: Iterable[Sample], scale: int, *, num_threads: int = 1) -> Iterator[Pair]:
    """Decode samples in order in threads beside the caller's, a few ahead at most."""
    pending: deque[Future[Pair]] = deque()
    with ThreadPoolExecutor(num_threads) as pool:
        for sample in samples:
            pending.append(pool.submit(decode_pair, sample, scale))
            if len(pending) > _MAX_AHEAD * num_threads:
                yield pending.popleft().result()
        while pending:
            yield pending.popleft().result()
