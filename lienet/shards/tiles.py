"""How one photograph becomes samples: cropped, degraded as a whole, cut into tiles, encoded.

Pure functions of one image, so that any number of workers gives the same bytes. For ``sr`` and
``face`` the image is degraded before it is cut: a tile's border is then made from its true
neighbours. For ``old_photo`` each tile grows old by itself: few photographs give many looks.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import asdict
from functools import partial
from typing import Any

import numpy as np

from lienet.degradations.old_photo import degrade_old_photo, draw_old_photo, generator_of
from lienet.degradations.reductions import crop_to_multiple, degrade_face, downsample
from lienet.errors import ParamsError
from lienet.images import Pixels, encode_jpeg, encode_png, sniff_format
from lienet.params import FaceDegradation, OldPhotoDegradation, Recipe, Split, SrDegradation
from lienet.shards.reading import Sample

MIN_PHOTOGRAPH_SIDE_PX = 64
"""Images and tiles with a shorter side give no sample."""
_COMPRESS_LEVEL = 3
"""A third of the time of zlib's level 6 for an eighth more bytes, measured on photographs."""
_LUMA = np.array([0.299, 0.587, 0.114], np.float32)
_Place = tuple[int, int, int, int]
"""Top, left, height and width, in reference pixels."""
_Degraded = tuple[dict[int, bytes], dict[str, Any]]
"""The encoded inputs by scale, and what there is to say of them."""


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
    pixels: Pixels,
    *,
    key: str,
    split: Split,
    degradation: Recipe,
    seed: int,
    info: Mapping[str, Any],
) -> list[Sample]:
    """Cut a photograph into the samples of its split.

    Args:
        pixels: ``(h, w, 3)`` RGB uint8.
        key: the image's key; tiles are named ``<key>_<top>_<left>``.
        split: training and validation are cut into tiles, test images stay whole; flat tiles
            are dropped from training alone.
        degradation: the task's recipe.
        seed: the run's seed, for what is drawn by a sample's key.
        info: kept with every sample; ``old_photo`` adds the ``look`` that was drawn.

    Returns:
        the samples in order of place; none where a side is under ``MIN_PHOTOGRAPH_SIDE_PX``.

    Raises:
        ParamsError: the tile or its stride is not a multiple of every scale.
    """
    reference = crop_to_multiple(pixels, multiple=_find_multiple(degradation))
    height_px, width_px = reference.shape[:2]
    if min(height_px, width_px) < MIN_PHOTOGRAPH_SIDE_PX:
        return []
    degrade = _prepare(reference, degradation, seed)
    if split == "test":
        return [_make_sample(key, reference, (0, 0, height_px, width_px), degrade, info)]
    tile_px, stride_px = degradation.tile_px, degradation.tile_stride_px
    samples = []
    for top in list_places(height_px, tile_px=tile_px, stride_px=stride_px):
        for left in list_places(width_px, tile_px=tile_px, stride_px=stride_px):
            tile = reference[top : top + tile_px, left : left + tile_px]
            if split == "train" and is_flat(tile, min_std=degradation.flat_std_min):
                continue
            place = (top, left, tile.shape[0], tile.shape[1])
            samples.append(_make_sample(f"{key}_{top}_{left}", reference, place, degrade, info))
    return samples


def make_real_sample(
    content: bytes, pixels: Pixels, *, key: str, info: Mapping[str, Any]
) -> list[Sample]:
    """Take a photograph that is old in truth as it is, whole and without a reference.

    Args:
        content: the file's bytes; those of a JPEG are kept, any other becomes PNG.
        pixels: what they decode to, ``(h, w, 3)`` RGB uint8.
        key: the image's key.
        info: kept with the sample.

    Returns:
        one sample; none where a side is under ``MIN_PHOTOGRAPH_SIDE_PX``.
    """
    height_px, width_px = pixels.shape[:2]
    if min(height_px, width_px) < MIN_PHOTOGRAPH_SIDE_PX:
        return []
    kept = content if sniff_format(content) == "jpeg" else _encode_png(pixels)
    return [Sample(key, None, {1: kept}, {**info, **_describe((0, 0, height_px, width_px))})]


def _find_multiple(degradation: Recipe) -> int:
    """Return what the sides of a reference are multiples of, and check the tiles against it."""
    if isinstance(degradation, FaceDegradation):
        return degradation.factor
    if isinstance(degradation, OldPhotoDegradation):
        return 1
    multiple = math.lcm(*degradation.scales)
    for name in ("tile_px", "tile_stride_px"):
        value = getattr(degradation, name)
        if value % multiple:
            raise ParamsError(
                f"synthesize.tasks.sr.{name} must be a multiple of {multiple}",
                got=value,
                remedy="edit params.yaml",
            )
    return multiple


def _prepare(
    reference: Pixels, degradation: Recipe, seed: int
) -> Callable[[str, _Place], _Degraded]:
    """Do what is done to the whole image; return what makes the inputs of a key and a place."""
    if isinstance(degradation, SrDegradation):
        reduced: dict[int, Pixels] = {
            scale: downsample(reference, scale=scale) for scale in degradation.scales
        }
        return partial(_encode_reduced, reduced, degradation)
    if isinstance(degradation, FaceDegradation):
        return partial(_encode_blurred, degrade_face(reference, factor=degradation.factor))
    return partial(_grow_old, reference, degradation, seed)


def _encode_reduced(
    reduced: Mapping[int, Pixels], degradation: SrDegradation, _key: str, place: _Place
) -> _Degraded:
    quality, chroma = degradation.jpeg_quality, degradation.jpeg_chroma
    encoded = {
        scale: encode_jpeg(_cut(whole, place, scale), quality=quality, chroma=chroma)
        for scale, whole in reduced.items()
    }
    return encoded, {}


def _encode_blurred(blurred: Pixels, _key: str, place: _Place) -> _Degraded:
    return {1: _encode_png(_cut(blurred, place))}, {}


def _grow_old(
    reference: Pixels, degradation: OldPhotoDegradation, seed: int, key: str, place: _Place
) -> _Degraded:
    look = draw_old_photo(degradation, seed=seed, key=key)
    aged = degrade_old_photo(_cut(reference, place), look, generator_of(seed, key))
    return {1: aged}, {"look": asdict(look)}


def _make_sample(
    key: str,
    reference: Pixels,
    place: _Place,
    degrade: Callable[[str, _Place], _Degraded],
    info: Mapping[str, Any],
) -> Sample:
    degraded, more = degrade(key, place)
    reference_png = _encode_png(_cut(reference, place))
    return Sample(key, reference_png, degraded, {**info, **_describe(place), **more})


def _describe(place: _Place) -> dict[str, int]:
    return dict(zip(("top_px", "left_px", "height_px", "width_px"), place, strict=True))


def _encode_png(pixels: Pixels) -> bytes:
    return encode_png(pixels, compress_level=_COMPRESS_LEVEL)


def _cut(pixels: Pixels, place: _Place, scale: int = 1) -> Pixels:
    top, left, height_px, width_px = (length_px // scale for length_px in place)
    return np.ascontiguousarray(pixels[top : top + height_px, left : left + width_px])
