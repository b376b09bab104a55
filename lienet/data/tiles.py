"""How one photograph becomes samples: cropped, degraded as a whole, cut into tiles, encoded.

Pure functions of one image, so that any number of workers gives the same bytes. The image is
degraded before it is cut: a tile's border is then made from its true neighbours.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from lienet.data.degradations import crop_to_multiple, downsample
from lienet.data.shards import Sample
from lienet.errors import ParamsError
from lienet.images import Pixels, encode_jpeg, encode_png
from lienet.params import Split, SrDegradation

MIN_SIDE_PX = 64
"""Images and tiles with a shorter side give no sample."""
_REFERENCE_COMPRESS_LEVEL = 3
"""A third of the time of zlib's level 6 for an eighth more bytes, measured on photographs."""
_LUMA = np.array([0.299, 0.587, 0.114], np.float32)


def list_places(length_px: int, *, tile_px: int, stride_px: int) -> list[int]:
    """Return the starts of tiles along an axis; the last one ends at the edge.

    An axis shorter than a tile has one place, 0.

    Example:
        >>> list_places(100, tile_px=48, stride_px=40)
        [0, 40, 52]
    """
    last = max(0, length_px - tile_px)
    return [*range(0, last, stride_px), last]


def is_flat(tile: Pixels, *, min_std: float) -> bool:
    """Tell whether an RGB uint8 tile's luma (BT.601, 0 to 255) deviates less than ``min_std``."""
    luma = tile.astype(np.float32) @ _LUMA
    return float(luma.std(dtype=np.float64)) < min_std


def make_samples(
    pixels: Pixels, *, key: str, split: Split, degradation: SrDegradation, info: Mapping[str, Any]
) -> list[Sample]:
    """Cut a photograph into the samples of its split.

    Args:
        pixels: ``(h, w, 3)`` RGB uint8.
        key: the image's key; tiles are named ``<key>_<top>_<left>``.
        split: training and validation are cut into tiles, test images stay whole; flat tiles
            are dropped from training alone.
        degradation: scales, JPEG settings and tile sizes.
        info: kept with every sample.

    Returns:
        the samples in order of place; none where a side is under ``MIN_SIDE_PX``.

    Raises:
        ParamsError: the tile or its stride is not a multiple of every scale.
    """
    multiple = math.lcm(*degradation.scales)
    _check_tiles(degradation, multiple)
    reference = crop_to_multiple(pixels, multiple=multiple)
    height_px, width_px = reference.shape[:2]
    if min(height_px, width_px) < MIN_SIDE_PX:
        return []
    reduced: dict[int, Pixels] = {
        scale: downsample(reference, scale=scale) for scale in degradation.scales
    }
    if split == "test":
        place = (0, 0, height_px, width_px)
        return [_encode(key, reference, reduced, place, degradation, info)]
    tile_px, stride_px = degradation.tile_px, degradation.tile_stride_px
    samples = []
    for top in list_places(height_px, tile_px=tile_px, stride_px=stride_px):
        for left in list_places(width_px, tile_px=tile_px, stride_px=stride_px):
            tile = reference[top : top + tile_px, left : left + tile_px]
            if split == "train" and is_flat(tile, min_std=degradation.flat_std_min):
                continue
            place = (top, left, tile.shape[0], tile.shape[1])
            name = f"{key}_{top}_{left}"
            samples.append(_encode(name, reference, reduced, place, degradation, info))
    return samples


def _check_tiles(degradation: SrDegradation, multiple: int) -> None:
    for name in ("tile_px", "tile_stride_px"):
        value = getattr(degradation, name)
        if value % multiple:
            raise ParamsError(
                f"synthesize.tasks.sr.{name} must be a multiple of {multiple}",
                got=value,
                remedy="edit params.yaml",
            )


def _encode(
    key: str,
    reference: Pixels,
    reduced: Mapping[int, Pixels],
    place: tuple[int, int, int, int],
    degradation: SrDegradation,
    info: Mapping[str, Any],
) -> Sample:
    """Cut and encode one place ``(top, left, height, width)``, in reference pixels."""
    top, left, height_px, width_px = place
    degraded = {
        scale: encode_jpeg(
            _cut(whole, top // scale, left // scale, height_px // scale, width_px // scale),
            quality=degradation.jpeg_quality,
            chroma=degradation.jpeg_chroma,
        )
        for scale, whole in reduced.items()
    }
    reference_png = encode_png(
        _cut(reference, top, left, height_px, width_px), compress_level=_REFERENCE_COMPRESS_LEVEL
    )
    where = {"top_px": top, "left_px": left, "height_px": height_px, "width_px": width_px}
    return Sample(key, reference_png, degraded, {**info, **where})


def _cut(pixels: Pixels, top: int, left: int, height_px: int, width_px: int) -> Pixels:
    return np.ascontiguousarray(pixels[top : top + height_px, left : left + width_px])
