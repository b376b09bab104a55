"""Training patches cut out of tiles that lie on the training device, the same to the bit.

Where they lie is drawn by the generator of ``PatchStore`` on the processor: it is named by a hash
that is made there, and the locations go over in one small copy that nothing waits for.
"""

from __future__ import annotations

import numpy as np
import torch
from jaxtyping import UInt8
from torch import Tensor

from lienet.images import Pixels
from lienet.shards.patch_sampling import BatchRequest, PatchLocations
from lienet.shards.patches import PatchStore

_SHARE_OF_FREE_MEMORY = 0.5
Patches = UInt8[Tensor, "batch height width 3"]


class DevicePatchStore:
    """The tiles of a store, pixel after pixel, in a device's memory."""

    def __init__(self, store: PatchStore, device: torch.device) -> None:
        self._store, self._device = store, device
        self._degraded = _Tiles([degraded for degraded, _ in store.tiles], device)
        self._reference = _Tiles([reference for _, reference in store.tiles], device)

    def draw(self, asked: BatchRequest) -> tuple[Patches, Patches]:
        """Draw a step's batch; result and errors as ``PatchStore.draw``."""
        where = _to_device(self._store.locate(asked), self._device)
        scale, patch_px = self._store.scale, asked.patch_px
        return (
            self._degraded.cut(where, side_px=patch_px, scale=1),
            self._reference.cut(where, side_px=scale * patch_px, scale=scale),
        )


class _Tiles:
    """Images of any sizes as one row of pixels."""

    def __init__(self, images: list[Pixels], device: torch.device) -> None:
        widths = torch.tensor([image.shape[1] for image in images])
        sizes = torch.tensor([image.shape[0] * image.shape[1] for image in images])
        self._starts = (sizes.cumsum(0) - sizes).to(device)
        self._widths = widths.to(device)
        self._pixels = torch.empty((int(sizes.sum()), 3), dtype=torch.uint8, device=device)
        place = 0
        for image in images:
            rows = torch.from_numpy(np.ascontiguousarray(image)).reshape(-1, 3)
            self._pixels[place : place + len(rows)] = rows
            place += len(rows)

    def cut(self, where: Tensor, *, side_px: int, scale: int) -> Patches:
        """Copy squares out, flipped and transposed as the last column of ``where`` says."""
        tile, top, left, orientation = (column[:, None, None] for column in where.unbind(1))
        rows = torch.arange(side_px, device=where.device)[None, :, None]
        columns = rows.transpose(1, 2)
        is_transposed = (orientation & 4).bool()
        row = torch.where(is_transposed, columns, rows)
        column = torch.where(is_transposed, rows, columns)
        row = torch.where((orientation & 2).bool(), side_px - 1 - row, row)
        column = torch.where((orientation & 1).bool(), side_px - 1 - column, column)
        places = (row + scale * top) * self._widths[tile] + column + scale * left
        return self._pixels[self._starts[tile] + places]


def keep_on_gpu(store: PatchStore, device: torch.device) -> PatchStore | DevicePatchStore:
    """Return the store with its tiles on ``device``, if it is a GPU that has room for them."""
    if device.type != "cuda":
        return store
    num_bytes = sum(part.nbytes for pair in store.tiles for part in pair)
    free_bytes, _ = torch.cuda.mem_get_info(device)
    fits = num_bytes < _SHARE_OF_FREE_MEMORY * free_bytes
    return DevicePatchStore(store, device) if fits else store


def _to_device(locations: PatchLocations, device: torch.device) -> Tensor:
    """Return tile, top, left and orientation as columns."""
    parts = (locations.tile, locations.top_px, locations.left_px, locations.orientation)
    where = torch.from_numpy(np.stack(parts, axis=1))
    if device.type == "cuda":
        where = where.pin_memory()
    return where.to(device, non_blocking=True)
