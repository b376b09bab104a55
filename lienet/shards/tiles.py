"""Tiles: how one photograph becomes samples, cropped, degraded, cut and encoded.

Pure functions of one image, so that any number of workers gives the same bytes. What a degradation
does without chance is done before the image is cut, what it draws is drawn for each tile.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from lienet.degradations.reductions import crop_to_multiple, reduce_to_side
from lienet.draws import generators_of
from lienet.images import Pixels, encode_png, sniff_format
from lienet.params import Degradation, Split
from lienet.params.variants import Variant, list_variants
from lienet.shards.reading import Sample

MIN_PHOTOGRAPH_SIDE_PX = 64
"""Images and tiles with a shorter side give no sample."""
_COMPRESS_LEVEL = 3
"""A third of the time of zlib's level 6 for an eighth more bytes, measured on photographs."""
_LUMA = np.array([0.299, 0.587, 0.114], np.float32)
_Area = tuple[int, int, int, int]
"""Where a tile lies: top, left, height and width, in reference pixels."""


def list_starts(length_px: int, *, tile_px: int, stride_px: int) -> list[int]:
    """Return the starts of tiles along an axis; the last one ends at the edge.

    An axis shorter than a tile has one start, 0.

    Example:
        >>> list_starts(100, tile_px=48, stride_px=40)
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
    degradation: Degradation,
    seed: int,
    info: Mapping[str, Any],
) -> list[Sample]:
    """Cut a photograph into the samples of its split.

    Args:
        pixels: ``(h, w, 3)`` RGB uint8.
        key: the image's key; tiles are named ``<key>_<top>_<left>``, and from the second draw of
            one on, ``<key>_<top>_<left>_draw2``.
        split: training and validation are cut into tiles, test images stay whole, each as many
            times as the degradation has variants; flat tiles are dropped from training alone, and
            it alone has several draws of a tile.
        degradation: the task's; its random numbers are keyed on seed, kind and sample.
        seed: the run's seed, for what is drawn by a sample's key.
        info: kept with every sample, beside what the degradation adds.

    Returns:
        the samples from top to bottom; none where a side is under ``MIN_PHOTOGRAPH_SIDE_PX``.
    """
    reference = crop_to_multiple(pixels, multiple=degradation.find_multiple())
    height_px, width_px = reference.shape[:2]
    if min(height_px, width_px) < MIN_PHOTOGRAPH_SIDE_PX:
        return []
    if split == "test":
        variants = list_variants(degradation)
        return [
            sample
            for each in variants
            for sample in _make_test_samples(reference, each, key=key, seed=seed, info=info)
        ]
    cutter = _Cutter(reference, degradation, seed, info)
    tile_px, stride_px = degradation.tile_px, degradation.tile_stride_px
    num_draws = degradation.count_draws(split)
    samples = []
    for top in list_starts(height_px, tile_px=tile_px, stride_px=stride_px):
        for left in list_starts(width_px, tile_px=tile_px, stride_px=stride_px):
            tile = reference[top : top + tile_px, left : left + tile_px]
            if split == "train" and is_flat(tile, min_std=degradation.flat_std_min):
                continue
            area = (top, left, tile.shape[0], tile.shape[1])
            samples += cutter.draw_samples(f"{key}_{top}_{left}", area, num_draws=num_draws)
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


def _make_test_samples(
    reference: Pixels, variant: Variant, *, key: str, seed: int, info: Mapping[str, Any]
) -> list[Sample]:
    """Give a whole photograph in one way; none where it is too small for that."""
    side_px = variant.side_px
    if side_px is not None:
        if side_px >= min(reference.shape[:2]):
            return []
        reference = reduce_to_side(
            reference, side_px=side_px, multiple=variant.degradation.find_multiple()
        )
        info = {**info, "side_px": side_px}
    whole = (0, 0, *reference.shape[:2])
    cutter = _Cutter(reference, variant.degradation, seed, info)
    return cutter.draw_samples(f"{key}{variant.ending}", whole)


class _Cutter:
    """A photograph degraded as a whole, from which samples are cut."""

    def __init__(
        self, reference: Pixels, degradation: Degradation, seed: int, info: Mapping[str, Any]
    ) -> None:
        self._reference, self._degradation = reference, degradation
        self._seed, self._info = seed, info
        self._degraded = degradation.degrade_whole(reference)

    def draw_samples(self, key: str, area: _Area, *, num_draws: int = 1) -> list[Sample]:
        """Degrade one area as often as asked; its reference is encoded once for all."""
        reference_png = _encode_png(_cut(self._reference, area))
        keys = [key, *(f"{key}_draw{number}" for number in range(2, num_draws + 1))]
        return [self._draw_sample(each, area, reference_png) for each in keys]

    def _draw_sample(self, key: str, area: _Area, reference_png: bytes) -> Sample:
        draw = generators_of(self._seed, self._degradation.kind, key)
        inputs = {
            scale: self._degradation.make_input(_cut(whole, area, scale), draw)
            for scale, whole in self._degraded.items()
        }
        info = {**self._info, **_describe(area)}
        for each in inputs.values():
            info |= each.info
        contents = {scale: each.content for scale, each in inputs.items()}
        return Sample(key, reference_png, contents, info)


def _describe(area: _Area) -> dict[str, int]:
    return dict(zip(("top_px", "left_px", "height_px", "width_px"), area, strict=True))


def _encode_png(pixels: Pixels) -> bytes:
    return encode_png(pixels, compress_level=_COMPRESS_LEVEL)


def _cut(pixels: Pixels, area: _Area, scale: int = 1) -> Pixels:
    top, left, height_px, width_px = (length_px // scale for length_px in area)
    return np.ascontiguousarray(pixels[top : top + height_px, left : left + width_px])
