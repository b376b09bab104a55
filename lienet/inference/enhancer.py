"""Images of any size, depth and channels through a network.

Owns the way from pixels to pixels: large inputs go in overlapping tiles, small ones are padded to
what the network needs; 16-bit images stay 16-bit, grey stays grey, and alpha, which networks do
not know, is enlarged by bicubic interpolation.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import nn

from lienet.data.resize import resize_bicubic
from lienet.errors import InputError, ModelError
from lienet.images import Pixels, to_tensor
from lienet.inference.networks import Network, OnnxNetwork, TorchNetwork

MIN_SIDE_PX = 8
"""What every network of the registry takes; smaller inputs are padded by their edge."""
_GREY_WEIGHTS = np.array([0.299, 0.587, 0.114])


class Enhancer:
    """A network put to use on whole images.

    Args:
        model: a torch module, or the path of an ONNX file; from ``n 3 h w`` in [0, 1] to
            ``n 3 h*scale w*scale``.
        scale: its factor, per side.
        tile_px: inputs with more than ``tile_px * tile_px`` pixels are enhanced in tiles of at
            most this side.
        overlap_px: how far a tile's context reaches beyond what is kept of it. What lies within a
            network's reach of ``overlap_px`` comes out as from the whole image.

    Raises:
        ModelError: the ONNX file cannot be used.
        InputError: the tile is too small for its overlap.
    """

    def __init__(
        self, model: nn.Module | Path, *, scale: int, tile_px: int = 512, overlap_px: int = 32
    ) -> None:
        if tile_px < 2 * overlap_px + MIN_SIDE_PX:
            raise InputError(
                f"tile_px must be at least {2 * overlap_px + MIN_SIDE_PX}, twice the overlap and"
                f" {MIN_SIDE_PX} more",
                got=tile_px,
            )
        self.scale = scale
        self._network: Network = (
            OnnxNetwork(model) if isinstance(model, Path) else TorchNetwork(model)
        )
        self._tile_px = tile_px
        self._overlap_px = overlap_px

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
        if pixels.dtype not in (np.uint8, np.uint16) or pixels.ndim not in (2, 3):
            raise InputError(
                "images to enhance are uint8 or uint16", got=f"{pixels.dtype} {pixels.shape}"
            )
        if pixels.ndim == 2:
            return self.enhance(pixels[..., None])[..., 0]
        channels = pixels.shape[2]
        if channels not in (1, 2, 3, 4) or 0 in pixels.shape:
            raise InputError("images to enhance have 1 to 4 channels", got=f"{pixels.shape}")
        is_grey = channels < 3
        colours = np.repeat(pixels[..., :1], 3, axis=2) if is_grey else pixels[..., :3]
        enhanced = self._enhance_rgb(colours)
        if is_grey:
            enhanced = np.rint(enhanced @ _GREY_WEIGHTS).astype(pixels.dtype)[..., None]
        if channels in (2, 4):
            enhanced = np.concatenate((enhanced, self._enlarge(pixels[..., -1:])), axis=2)
        return enhanced

    def _enhance_rgb(self, pixels: Pixels) -> Pixels:
        height_px, width_px = pixels.shape[:2]
        scale = self.scale
        enhanced = np.empty((height_px * scale, width_px * scale, 3), pixels.dtype)
        for rows, columns in self._plan(height_px, width_px):
            tile = pixels[rows.start : rows.stop, columns.start : columns.stop]
            kept = self._run(tile)[rows.kept_of_tile(scale), columns.kept_of_tile(scale)]
            enhanced[rows.kept_of_image(scale), columns.kept_of_image(scale)] = kept
        return enhanced

    def _plan(self, height_px: int, width_px: int) -> Iterator[tuple[Span, Span]]:
        fixed = self._network.input_size_px
        if fixed is not None:
            sides, overlap_px = fixed, min(self._overlap_px, min(fixed) // 4)
        elif height_px * width_px > self._tile_px**2:
            sides, overlap_px = (self._tile_px, self._tile_px), self._overlap_px
        else:
            sides, overlap_px = (height_px, width_px), 0
        for rows in plan_spans(height_px, side_px=sides[0], overlap_px=overlap_px):
            for columns in plan_spans(width_px, side_px=sides[1], overlap_px=overlap_px):
                yield rows, columns

    def _run(self, tile: Pixels) -> Pixels:
        height_px, width_px = tile.shape[:2]
        wanted = self._network.input_size_px or (MIN_SIDE_PX, MIN_SIDE_PX)
        missing = (max(0, wanted[0] - height_px), max(0, wanted[1] - width_px))
        padded = np.pad(tile, ((0, missing[0]), (0, missing[1]), (0, 0)), mode="edge")
        enhanced = self._network(to_tensor(padded))
        expected = (1, 3, padded.shape[0] * self.scale, padded.shape[1] * self.scale)
        if tuple(enhanced.shape) != expected:
            raise ModelError(
                f"a network of scale {self.scale} must give {expected} for an input of"
                f" {padded.shape[0]} x {padded.shape[1]} px",
                got=tuple(enhanced.shape),
            )
        cropped = enhanced[0, :, : height_px * self.scale, : width_px * self.scale]
        if not torch.isfinite(cropped).all():
            raise ModelError("the network's output is not finite", remedy="check its weights")
        peak = np.iinfo(tile.dtype).max
        levels = cropped.clamp(0, 1).mul(peak).round().permute(1, 2, 0)
        return levels.numpy().astype(tile.dtype)

    def _enlarge(self, alpha: Pixels) -> Pixels:
        enlarged = resize_bicubic(alpha.astype(np.float64), scale=self.scale)
        peak = np.iinfo(alpha.dtype).max
        return np.floor(np.clip(enlarged, 0, peak) + 0.5).astype(alpha.dtype)


@dataclass(frozen=True)
class Span:
    """One tile's extent along an axis, and the part of it that is kept, in input pixels."""

    start: int
    stop: int
    kept_start: int
    kept_stop: int

    def kept_of_tile(self, scale: int) -> slice:
        """Return the kept part, counted from the tile's start, in output pixels."""
        return slice((self.kept_start - self.start) * scale, (self.kept_stop - self.start) * scale)

    def kept_of_image(self, scale: int) -> slice:
        """Return the kept part, counted from the image's start, in output pixels."""
        return slice(self.kept_start * scale, self.kept_stop * scale)


def plan_spans(length_px: int, *, side_px: int, overlap_px: int) -> list[Span]:
    """Cover an axis with tiles of at most ``side_px``, each pixel kept exactly once.

    Tiles start at multiples of one stride, itself a multiple of 8 where it can be, so that networks
    that fold space into depth see every tile in phase. Kept parts stay ``overlap_px`` away from
    every tile's edge that is not the image's.
    """
    if length_px <= side_px:
        return [Span(0, length_px, 0, length_px)]
    stride = side_px - 2 * overlap_px
    stride = stride // 8 * 8 or stride
    spans: list[Span] = []
    start = kept_start = 0
    while start + side_px < length_px:
        kept_stop = start + stride + overlap_px
        spans.append(Span(start, start + side_px, kept_start, kept_stop))
        start, kept_start = start + stride, kept_stop
    spans.append(Span(start, length_px, kept_start, length_px))
    return spans
