"""Pairs of tiles as one makes them with Pillow: a pool of processes, a PNG file for each tile."""

from __future__ import annotations

import io
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from multiprocessing import get_context
from pathlib import Path

from PIL import Image

TILE_PX, SCALES, JPEG_QUALITY = 192, (2, 4), 20


def synthesize_plainly(contents: Sequence[bytes], folder: Path, num_workers: int) -> None:
    """Write what the stage's task ``sr`` makes of photographs as files below a folder."""
    folder.mkdir(exist_ok=True)
    with ProcessPoolExecutor(num_workers, mp_context=get_context("spawn")) as pool:
        list(pool.map(partial(_write, folder), range(len(contents)), contents))


def _write(folder: Path, number: int, content: bytes) -> None:
    whole = Image.open(io.BytesIO(content)).convert("RGB")
    width, height = (side // 4 * 4 for side in whole.size)
    whole = whole.crop((0, 0, width, height))
    small = {
        scale: whole.resize((width // scale, height // scale), Image.Resampling.BICUBIC)
        for scale in SCALES
    }
    for top in range(0, height - TILE_PX + 1, TILE_PX):
        for left in range(0, width - TILE_PX + 1, TILE_PX):
            name = f"{number:04}-{top}-{left}"
            whole.crop((left, top, left + TILE_PX, top + TILE_PX)).save(folder / f"{name}.png")
            for scale, image in small.items():
                box = [edge // scale for edge in (left, top, left + TILE_PX, top + TILE_PX)]
                image.crop(tuple(box)).save(folder / f"{name}-x{scale}.jpg", quality=JPEG_QUALITY)
