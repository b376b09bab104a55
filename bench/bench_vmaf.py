"""VMAF of many images of one size: one ffmpeg process for all against one for each.

The images are Kodak's 24 and their JPEGs at quality 20; without the real photographs, 24 crops of
one that ships inside scikit-image. Runs are interleaved and medians compared.
"""

from __future__ import annotations

import statistics
import time
from pathlib import Path

import numpy as np

from lienet.evaluation.vmaf import Pair, VmafBatch, measure_vmaf
from lienet.images import Pixels, decode_image, encode_jpeg

NUM_ROUNDS = 3


def measure(data_dir: Path | None) -> dict[str, float | str]:
    """Return times per image, how many times faster a batch is, and whether scores are equal."""
    pairs = [(each, compress(each)) for each in load_references(data_dir)]
    one_by_one_s, batch_s = [], []
    one_by_one: list[float] = []
    batch: list[float] = []
    for _ in range(NUM_ROUNDS):
        started = time.perf_counter()
        one_by_one = [measure_vmaf(reference, distorted) for reference, distorted in pairs]
        one_by_one_s.append(time.perf_counter() - started)
        started = time.perf_counter()
        batch = measure_batch(pairs)
        batch_s.append(time.perf_counter() - started)
    alone, together = statistics.median(one_by_one_s), statistics.median(batch_s)
    return {
        "vmaf_images": "kodak24"
        if data_dir is not None
        else "24 crops of scikit-image's astronaut",
        "vmaf_one_by_one_ms_per_image": 1e3 * alone / len(pairs),
        "vmaf_batch_ms_per_image": 1e3 * together / len(pairs),
        "vmaf_batch_speedup": alone / together,
        "vmaf_batch_scores": "equal" if batch == one_by_one else "NOT EQUAL",
    }


def measure_batch(pairs: list[Pair]) -> list[float]:
    """Return the VMAF of pairs by one ffmpeg."""
    batch = VmafBatch[int]()
    for place, (reference, distorted) in enumerate(pairs):
        batch.add(place, reference, distorted)
    scores = batch.finish()
    return [scores[place] for place in range(len(pairs))]


def load_references(data_dir: Path | None) -> list[Pixels]:
    """Return 24 images of one size."""
    if data_dir is None:
        import skimage.data

        astronaut = skimage.data.astronaut()
        return [astronaut[4 * row : 4 * row + 400, : 256 + 128] for row in range(24)]
    paths = sorted((data_dir / "test" / "kodak24").iterdir())
    # Upright ones are turned, so that all are of one size.
    images = [decode_image(path.read_bytes()) for path in paths]
    return [
        np.ascontiguousarray(np.rot90(each)) if each.shape[0] > each.shape[1] else each
        for each in images
    ]


def compress(pixels: Pixels) -> Pixels:
    """Return what JPEG at quality 20 leaves of an image."""
    return decode_image(encode_jpeg(pixels, quality=20, chroma="4:2:0"))
