"""Patches cut on a device are those that the processor copies, to the bit."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from lienet.shards.patch_sampling import BatchRequest, PatchLocations, copy_patches
from lienet.shards.patches import PatchStore
from lienet.training import device_patches
from lienet.training.device_patches import DevicePatchStore, keep_on_gpu

SIZES_PX = ((16, 16), (9, 24), (31, 8))


@pytest.fixture
def store() -> PatchStore:
    generator = np.random.default_rng(0)
    tiles = [
        tuple(generator.integers(0, 256, (k * h, k * w, 3), dtype=np.uint8) for k in (1, 2))
        for h, w in SIZES_PX
    ]
    return PatchStore(tiles, scale=2, name="test")


def devices() -> list[object]:
    return ["cpu", pytest.param("cuda", marks=pytest.mark.gpu)]


@pytest.mark.parametrize("device", devices())
@pytest.mark.parametrize(("rank", "num_ranks"), [(0, 1), (1, 2)])
def test_draws_are_those_of_the_store(store: PatchStore, device: str, rank: int, num_ranks: int):
    on_device = DevicePatchStore(store, torch.device(device))
    for step in range(20):
        asked = BatchRequest(3, step, 16, 8, rank, num_ranks)
        expected = store.draw(asked)
        found = on_device.draw(asked)
        for patches, wanted in zip(found, expected, strict=True):
            assert patches.dtype == torch.uint8
            assert np.array_equal(patches.cpu().numpy(), wanted)


def test_every_orientation_is_that_of_the_store(store: PatchStore, monkeypatch: pytest.MonkeyPatch):
    zeros = np.zeros(8, np.int64)
    locations = PatchLocations(zeros, zeros + 3, zeros + 5, np.arange(8))
    monkeypatch.setattr(PatchStore, "locate", lambda self, asked: locations)
    expected = copy_patches(store.tiles, locations, patch_px=8, scale=2)
    found = DevicePatchStore(store, torch.device("cpu")).draw(BatchRequest(0, 0, 8, 8))
    for patches, wanted in zip(found, expected, strict=True):
        assert np.array_equal(patches.numpy(), wanted)


def test_tiles_go_to_a_gpu_that_has_room_for_them(
    store: PatchStore, monkeypatch: pytest.MonkeyPatch
):
    assert keep_on_gpu(store, torch.device("cpu")) is store
    num_bytes = 5 * 3 * sum(height * width for height, width in SIZES_PX)
    kept: list[object] = []
    monkeypatch.setattr(device_patches, "DevicePatchStore", lambda *given: kept.append(given))
    for free_bytes in (2 * num_bytes, 2 * num_bytes + 2):
        monkeypatch.setattr(torch.cuda, "mem_get_info", lambda device, free=free_bytes: (free, 0))
        keep_on_gpu(store, torch.device("cuda"))
    assert len(kept) == 1
