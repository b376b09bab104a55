"""One sheet with the same part of a picture as every network enhances it, at full size."""

from __future__ import annotations

import math
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from lienet.degradations.resize import resize_bicubic
from lienet.enhancing.models import ChosenModel
from lienet.enhancing.run import open_enhancer
from lienet.errors import InputError
from lienet.images import Pixels
from lienet.progress import watch

_CELL_PX = 512
_GAP_PX = 12
_LINE_PX = 28
_INK, _PAPER = (20, 20, 20), (250, 250, 250)


@dataclass(frozen=True)
class Cell:
    """The middle of an enhanced picture, RGB uint8 HWC, and what stands above it."""

    title: str
    pixels: Pixels


def compare_models(
    pixels: Pixels, models: Sequence[ChosenModel], *, tile_px: int | None = None
) -> list[Cell]:
    """Enhance a picture by every network, beside bicubic enlargement.

    Args:
        pixels: ``h w c``, uint8 or uint16, 1 to 4 channels; alpha is left out.
        models: all of one scale.
        tile_px: None chooses by memory.

    Raises:
        InputError: there is no network, or their scales differ.
        ModelError: a network cannot be used.
    """
    scales = {model.scale for model in models}
    if len(scales) != 1:
        raise InputError(
            "networks on one sheet have one scale",
            got=", ".join(f"x{scale}" for scale in sorted(scales)) or "none",
            remedy="see lienet models --weights",
        )
    (scale,) = scales
    height_px, width_px = pixels.shape[:2]
    megapixels = height_px * width_px / 1e6
    colours = _to_colours(pixels)
    part = _find_middle((height_px, width_px), _CELL_PX // scale)
    enlarged = resize_bicubic(np.ascontiguousarray(colours[part]), scale=scale)
    cells = [Cell("input" if scale == 1 else "bicubic", enlarged)]
    rows, columns = (slice(each.start * scale, each.stop * scale) for each in part)
    for model in watch(models, "compare", noun="networks", total=len(models)):
        started_s = time.perf_counter()
        enhancer = open_enhancer(model, tile_px)
        middle = _keep_rows(enhancer.enhance_strips(colours), rows)[:, columns]
        seconds = (time.perf_counter() - started_s) / megapixels
        cells.append(Cell(f"{model.label}, {seconds:.1f} s per megapixel", middle))
    return cells


def draw_sheet(cells: Sequence[Cell]) -> Pixels:
    """Return cells side by side, nearly as many rows as columns, each under its title."""
    num_columns = math.ceil(math.sqrt(len(cells)))
    height_px = max(cell.pixels.shape[0] for cell in cells) + _LINE_PX + _GAP_PX
    width_px = max(max(cell.pixels.shape[1] for cell in cells), _CELL_PX // 2) + _GAP_PX
    num_rows = math.ceil(len(cells) / num_columns)
    size = (num_columns * width_px + _GAP_PX, num_rows * height_px + _GAP_PX)
    sheet = Image.new("RGB", size, _PAPER)
    draw, font = ImageDraw.Draw(sheet), ImageFont.load_default(16)
    for place, cell in enumerate(cells):
        row, column = divmod(place, num_columns)
        left_px, top_px = _GAP_PX + column * width_px, _GAP_PX + row * height_px
        draw.text((left_px, top_px), cell.title, fill=_INK, font=font)
        sheet.paste(Image.fromarray(cell.pixels), (left_px, top_px + _LINE_PX))
    return np.array(sheet)


def _to_colours(pixels: Pixels) -> Pixels:
    if pixels.dtype != np.uint8:
        pixels = ((pixels.astype(np.uint32) + 128) // 257).astype(np.uint8)
    is_grey = pixels.shape[2] < 3
    return np.repeat(pixels[..., :1], 3, axis=2) if is_grey else pixels[..., :3]


def _find_middle(size_px: tuple[int, int], side_px: int) -> tuple[slice, slice]:
    starts = [max(0, (length - side_px) // 2) for length in size_px]
    rows, columns = (slice(start, start + side_px) for start in starts)
    height_px, width_px = size_px
    return slice(rows.start, min(rows.stop, height_px)), slice(
        columns.start, min(columns.stop, width_px)
    )


def _keep_rows(strips: Iterable[Pixels], rows: slice) -> Pixels:
    kept, top = [], 0
    for strip in strips:
        kept.append(strip[max(0, rows.start - top) : max(0, rows.stop - top)].copy())
        top += len(strip)
    return np.concatenate(kept)
