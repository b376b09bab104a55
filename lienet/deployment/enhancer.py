"""Enhancing whole images of any size, depth and channels with a network.

Owns the way from pixels to pixels: large inputs go in overlapping tiles, small ones are padded to
what the network needs; 16-bit images stay 16-bit, grey stays grey, and alpha, which networks do
not know, is enlarged by bicubic interpolation.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from lienet.degradations.resize import resize_bicubic
from lienet.deployment.image_statistics import gather_statistics
from lienet.deployment.runtimes import (
    MIN_INPUT_SIDE_PX,
    Network,
    Planes,
    Statistics,
    open_network,
)
from lienet.deployment.tiling import Mosaic, Span, find_even_side, plan_spans
from lienet.errors import InputError, ModelError
from lienet.images import Pixels, to_planes

if TYPE_CHECKING:
    from torch import nn

_GREY_WEIGHTS = np.array([0.299, 0.587, 0.114])
_ROWS_AT_ONCE = 64
_BICUBIC_REACH_PX = 8
"""More than bicubic enlargement looks at above and below."""


class Enhancer:
    """A network put to use on whole images.

    Tiles change over linearly within the strip that neighbours share, so that what they make
    differently becomes a slope and not a seam. A network with SPADE layers normalises by statistics
    of all it is given, and tiles are given the whole image's, gathered over them first: on Kodak
    photographs, faded and blurred, a trained network then comes within 0.01 levels of 255 of the
    whole image at tiles of 128 and 256 px and overlaps of 32 and 48, as a torch module and as the
    file that the export stage writes. An ONNX file that takes the image alone normalises every tile
    by itself, which moved pixels there by 1 to 2 levels root mean square and by up to 19. Give such
    a file tiles as large as memory allows.

    Args:
        model: a torch module, or the path of an ONNX file; from ``n 3 h w`` in [0, 1] to
            ``n 3 h*scale w*scale``.
        scale: its factor, per side.
        tile_px: inputs with more than ``tile_px * tile_px`` pixels are enhanced in tiles of at
            most this side.
        overlap_px: how far a tile's context reaches beyond what is kept of it. What lies within a
            network's reach of ``overlap_px`` comes out as from the whole image.
        has_even_tiles: make tiles no larger than as many of them need; less is computed twice.
        num_threads: of ONNX Runtime; 0 takes one for each core.

    Raises:
        ModelError: the ONNX file cannot be used.
        InputError: the tile is too small for its overlap.
    """

    def __init__(
        self,
        model: nn.Module | Path,
        *,
        scale: int,
        tile_px: int = 512,
        overlap_px: int = 32,
        has_even_tiles: bool = False,
        num_threads: int = 0,
    ) -> None:
        if tile_px < 2 * overlap_px + MIN_INPUT_SIDE_PX:
            raise InputError(
                f"tile_px must be at least {2 * overlap_px + MIN_INPUT_SIDE_PX}, twice the overlap "
                f"and {MIN_INPUT_SIDE_PX} more",
                got=tile_px,
            )
        self.scale = scale
        self._network: Network = open_network(model, num_threads=num_threads)
        self._tile_px = tile_px
        self._overlap_px = overlap_px
        self._has_even_tiles = has_even_tiles

    def enhance(self, pixels: Pixels) -> Pixels:
        """Enhance one image.

        Args:
            pixels: uint8 or uint16; ``h w``, or ``h w c`` with grey, grey and alpha, RGB, or RGB
                and alpha.

        Returns:
            The same depth and channels, ``scale`` times as high and wide.

        Raises:
            InputError: another depth, another number of channels, or no pixels.
            ModelError: the network does not enlarge by ``scale``.
        """
        if pixels.ndim == 2:
            return self.enhance(pixels[..., None])[..., 0]
        strips = self.enhance_strips(pixels)
        first = next(strips)
        height_px = len(pixels)
        if len(first) == height_px * self.scale:
            return first
        whole: Pixels = np.empty((height_px * self.scale, *first.shape[1:]), first.dtype)
        top = 0
        for strip in (first, *strips):
            whole[top : top + len(strip)] = strip
            top += len(strip)
        return whole

    def enhance_strips(
        self, pixels: Pixels, on_progress: Callable[[float], None] = lambda _: None
    ) -> Iterator[Pixels]:
        """Enhance one image, and yield it from the top as strips of rows, as they are finished.

        Beside the image, memory holds one row of tiles and a strip.

        Args:
            pixels: as :meth:`enhance` takes them, but for ``h w``.
            on_progress: is told after each tile which share of the work is done.

        Raises:
            InputError: as :meth:`enhance`.
            ModelError: as :meth:`enhance`.
        """
        if pixels.dtype not in (np.uint8, np.uint16) or pixels.ndim != 3:
            raise InputError(
                "images to enhance are uint8 or uint16", got=f"{pixels.dtype} {pixels.shape}"
            )
        channels = pixels.shape[2]
        if channels not in (1, 2, 3, 4) or 0 in pixels.shape:
            raise InputError("images to enhance have 1 to 4 channels", got=f"{pixels.shape}")
        is_grey = channels < 3
        colours = np.broadcast_to(pixels[..., :1], (*pixels.shape[:2], 3)) if is_grey else pixels
        top = 0
        for strip in self._enhance_rgb(colours[..., :3], on_progress):
            if channels != 3:
                parts = [_to_grey(strip) if is_grey else strip]
                if channels in (2, 4):
                    parts.append(self._enlarge(pixels[..., -1:], top, top + len(strip)))
                top += len(strip)
                strip = np.concatenate(parts, axis=2)
            yield strip

    def _enhance_rgb(
        self, pixels: Pixels, on_progress: Callable[[float], None]
    ) -> Iterator[Pixels]:
        height_px, width_px = pixels.shape[:2]
        rows, columns = self._plan(height_px, width_px)
        num_tiles = len(rows) * len(columns)
        total = num_tiles * (1 if num_tiles == 1 else 1 + self._network.num_statistics)
        steps = iter(range(1, total + 1))

        def advance() -> None:
            on_progress(next(steps) / total)

        statistics = self._gather_statistics(pixels, rows, columns, advance)
        mosaic = Mosaic(width_px * self.scale, pixels.dtype, self.scale)
        for high in rows:
            for wide in columns:
                enhanced = self._run(_cut(pixels, high, wide), statistics)
                kept = enhanced[high.kept_of_tile(self.scale), wide.kept_of_tile(self.scale)]
                mosaic.place(kept, high, wide)
                advance()
            yield mosaic.finished

    def _plan(self, height_px: int, width_px: int) -> tuple[list[Span], list[Span]]:
        fixed, most_px = self._network.input_size_px, self._network.max_side_px
        is_short = most_px is None or max(height_px, width_px) <= most_px
        if fixed is None and is_short and height_px * width_px <= self._tile_px**2:
            sides, overlap_px = (height_px, width_px), 0
        elif fixed is None:
            side_px = self._tile_px if most_px is None else min(self._tile_px, most_px)
            sides, overlap_px = (side_px, side_px), self._overlap_px
        else:
            sides, overlap_px = fixed, min(self._overlap_px, min(fixed) // 4)
        laps = {"overlap_px": overlap_px, "fade_px": overlap_px}
        spans = []
        for length_px, side_px in zip((height_px, width_px), sides, strict=True):
            if self._has_even_tiles and fixed is None:
                side_px = find_even_side(length_px, side_px=side_px, **laps)
            spans.append(plan_spans(length_px, side_px=side_px, **laps))
        rows, columns = spans
        return rows, columns

    def _gather_statistics(
        self,
        pixels: Pixels,
        rows: list[Span],
        columns: list[Span],
        advance: Callable[[], None],
    ) -> list[Statistics] | None:
        """Return the whole image's statistics where tiles would not find them for themselves."""
        network = self._network
        if network.num_statistics == 0 or len(rows) * len(columns) == 1:
            return None
        fold = network.fold

        def tiles() -> Iterable[tuple[Planes, tuple[slice, slice]]]:
            for high in rows:
                for wide in columns:
                    cells = high.cells_of_tile(fold), wide.cells_of_tile(fold)
                    yield to_planes(self._pad(_cut(pixels, high, wide))), cells
                    advance()

        return gather_statistics(network, tiles)

    def _run(self, tile: Pixels, statistics: Sequence[Statistics] | None) -> NDArray[np.float32]:
        """Return a tile's output ``h w 3``, clipped, in levels of the image's depth."""
        height_px, width_px = tile.shape[:2]
        padded = self._pad(tile)
        enhanced = self._network(to_planes(padded), statistics)
        expected = (1, 3, padded.shape[0] * self.scale, padded.shape[1] * self.scale)
        if enhanced.shape != expected:
            raise ModelError(
                f"a network of scale {self.scale} must give {expected} for an input of"
                f" {padded.shape[0]} x {padded.shape[1]} px",
                got=enhanced.shape,
            )
        cropped = enhanced[0, :, : height_px * self.scale, : width_px * self.scale]
        if not np.isfinite(cropped).all():
            raise ModelError("the network's output is not finite", remedy="check its weights")
        levels = np.clip(cropped, 0, 1) * np.float32(np.iinfo(tile.dtype).max)
        return np.ascontiguousarray(levels.transpose(1, 2, 0))

    def _pad(self, tile: Pixels) -> Pixels:
        """Repeat a tile's last row and column until it has a size that the network takes."""
        wanted = self._network.fit_size(*tile.shape[:2])
        missing = [max(0, side - has) for side, has in zip(wanted, tile.shape, strict=False)]
        return np.pad(tile, ((0, missing[0]), (0, missing[1]), (0, 0)), mode="edge")

    def _enlarge(self, alpha: Pixels, top: int, bottom: int) -> Pixels:
        """Return rows of alpha, counted in output pixels, enlarged by bicubic interpolation."""
        scale, peak = self.scale, np.iinfo(alpha.dtype).max
        if scale == 1:
            return alpha[top:bottom]
        parts = []
        for start in range(top // scale, bottom // scale, _ROWS_AT_ONCE):
            stop = min(start + _ROWS_AT_ONCE, bottom // scale)
            first = max(0, start - _BICUBIC_REACH_PX)
            seen = alpha[first : stop + _BICUBIC_REACH_PX].astype(np.float64)
            enlarged = resize_bicubic(seen, scale=scale)
            part = enlarged[(start - first) * scale : (stop - first) * scale]
            parts.append(np.floor(np.clip(part, 0, peak) + 0.5).astype(alpha.dtype))
        return np.concatenate(parts)


def _to_grey(strip: Pixels) -> Pixels:
    grey: Pixels = np.empty((*strip.shape[:2], 1), strip.dtype)
    for top in range(0, len(strip), _ROWS_AT_ONCE):
        rows = slice(top, top + _ROWS_AT_ONCE)
        grey[rows, :, 0] = np.rint(strip[rows] @ _GREY_WEIGHTS)
    return grey


def _cut(pixels: Pixels, rows: Span, columns: Span) -> Pixels:
    return pixels[rows.start : rows.stop, columns.start : columns.stop]
