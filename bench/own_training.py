"""Training as the stage does it, on tiles in memory: what other tools' training is held against."""

from __future__ import annotations

import time
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import torch
from lightning_fabric import Fabric

from bench.peer_training import BATCH, PATCH_PX, PROFILE, SCALE
from bench.photographs import read_photographs
from lienet.degradations.reductions import crop_to_multiple, downsample
from lienet.images import Pixels, decode_image, encode_png
from lienet.networks.memory_layout import lay_out
from lienet.networks.registry import build_model
from lienet.params import load_params
from lienet.shards.patch_sampling import BatchRequest
from lienet.shards.patches import PatchStore
from lienet.training.allocator import keep_freed_memory
from lienet.training.ema import WeightAverage
from lienet.training.objectives import compute_objective
from lienet.training.precision import FABRIC_NAMES, Precision, has_native_bf16
from lienet.training.validation import to_batch

NUM_TILES, TILE_PX = 64, 256
Tiles = Sequence[tuple[Pixels, Pixels]]


def make_tiles(data_dir: Path | None) -> Tiles:
    """Return pairs of degraded and reference tiles of photographs."""
    photographs = [decode_image(content) for content in read_photographs(data_dir, at_most=8)]
    tiles = []
    for number in range(NUM_TILES):
        photograph = photographs[number % len(photographs)]
        top = number // len(photographs) * 16
        reference = crop_to_multiple(photograph[top : top + TILE_PX, :TILE_PX], multiple=SCALE)
        tiles.append((downsample(reference, scale=SCALE), reference.copy()))
    return tiles


def write_tiles(tiles: Tiles, folder: Path) -> None:
    """Write tiles as PNG files, ``lr/`` and ``hr/``."""
    for side, kind in enumerate(("lr", "hr")):
        (folder / kind).mkdir()
        for number, pair in enumerate(tiles):
            (folder / kind / f"{number:03}.png").write_bytes(encode_png(pair[side]))


def count_patches_per_s(tiles: Tiles, steps: int) -> float:
    """Return the patches trained on in a processor second, in the faster number format."""
    formats: list[Precision] = ["fp32", *(["bf16"] if has_native_bf16(cuda=False) else [])]
    rates = []
    for precision in formats:  # each in a process of its own: what one leaves slows the next
        with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
            rates.append(pool.submit(_train, tiles, steps, precision).result())
    return max(rates)


def _train(tiles: Tiles, steps: int, precision: Precision) -> float:
    torch.set_num_threads(1)
    keep_freed_memory()
    params = load_params(PROFILE)
    store = PatchStore(tiles, scale=SCALE, name="bench")
    model = lay_out(build_model(params.models["sr-lienet"]))
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3, foreach=True)
    average = WeightAverage(model, decay=0.999)
    fabric = Fabric(accelerator="cpu", devices=1, precision=FABRIC_NAMES[precision])
    for step in range(-2, steps):
        if step == 0:
            started = time.process_time()
        drawn = store.draw(BatchRequest(0, step + 2, BATCH, PATCH_PX))
        degraded, reference = (to_batch(pixels, fabric) for pixels in drawn)
        with fabric.autocast():
            enhanced = model(degraded)
        loss, _ = compute_objective(params.train.objectives["sr"], enhanced.float(), reference)
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        optimizer.step()
        average.update(model, step + 2)
    return steps * BATCH / (time.process_time() - started)
