"""Training patches: the resident store against decoding a whole picture for each patch."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from statistics import median

import numpy as np

from bench.photographs import read_photographs
from lienet.degradations.reductions import crop_to_multiple, downsample
from lienet.images import decode_image, encode_png
from lienet.shards.patch_sampling import BatchRequest
from lienet.shards.patches import PatchStore

PATCH_PX, SCALE, BATCH_SIZE = 48, 4, 16
NUM_ROUNDS, BATCHES_PER_ROUND, DECODED_PER_ROUND = 7, 60, 6
NUM_TILES = 256
TILE_PX = 384


def measure(data_dir: Path | None) -> dict[str, float | str]:
    """Measure pairs of a 48 px input and its 192 px reference, by processor time."""
    photographs = [decode_image(content) for content in read_photographs(data_dir, at_most=8)]
    tiles = []
    for number in range(NUM_TILES):
        photograph = photographs[number % len(photographs)]
        reference = crop_to_multiple(photograph[:TILE_PX, :TILE_PX], multiple=SCALE).copy()
        tiles.append((downsample(reference, scale=SCALE), reference))
    store = PatchStore(tiles, scale=SCALE, name="bench")
    pngs = [encode_png(photograph, compress_level=3) for photograph in photographs]

    def draw(round_: int) -> int:
        for step in range(BATCHES_PER_ROUND):
            store.draw(BatchRequest(round_, step, BATCH_SIZE, PATCH_PX))
        return BATCHES_PER_ROUND * BATCH_SIZE

    def decode(round_: int) -> int:
        generator = np.random.default_rng(round_)
        for number in range(DECODED_PER_ROUND):
            pixels = decode_image(pngs[number % len(pngs)])
            top, left = (generator.integers(0, side - 192 + 1) for side in pixels.shape[:2])
            np.ascontiguousarray(pixels[top : top + 192, left : left + 192])
        return DECODED_PER_ROUND

    drawn, decoded = [], []
    for round_ in range(NUM_ROUNDS):
        drawn.append(_rate(draw, round_))
        decoded.append(_rate(decode, round_))
    return {
        "patches_per_s_per_core": median(drawn),
        "decoded_whole_per_s_per_core": median(decoded),
        "patches_vs_decoding_ratio": median(
            ours / theirs for ours, theirs in zip(drawn, decoded, strict=True)
        ),
    }


def _rate(work: Callable[[int], int], round_: int) -> float:
    """Return what ``work`` did for each second of processor time."""
    start = time.process_time()
    done = work(round_)
    return done / (time.process_time() - start)
