"""Tiles are as large as a quarter of free memory has room for, within bounds."""

from __future__ import annotations

from pathlib import Path

import pytest

from lienet.enhancing import memory
from lienet.enhancing.memory import choose_tile_px, find_free_bytes

GIB = 2**30


def test_a_known_network_gets_larger_tiles_than_an_unknown_one():
    # 640 MiB over 1200 and over 6000 bytes: 747 and 334 px, down to multiples of 8
    assert choose_tile_px(16 * GIB, architecture="lienet") == 744
    assert choose_tile_px(16 * GIB) == 328


def test_tiles_shrink_with_memory_and_with_pictures_side_by_side_but_not_below_a_bound():
    assert choose_tile_px(GIB, architecture="lienet") == 472
    assert choose_tile_px(16 * GIB, architecture="lienet", num_at_once=4) == 368
    assert choose_tile_px(0) == 128


def test_the_least_of_machine_and_control_group_counts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    meminfo, limit, used = (tmp_path / name for name in ("meminfo", "max", "current"))
    meminfo.write_text("MemTotal: 9000 kB\nMemAvailable: 8000 kB\n")
    limit.write_text("max\n")
    used.write_text("100\n")
    monkeypatch.setattr(memory, "_MEMINFO", meminfo)
    monkeypatch.setattr(memory, "_CGROUP_LIMITS", ((str(limit), str(used)),))
    assert find_free_bytes() == 8000 * 1024
    limit.write_text("4096\n")
    assert find_free_bytes() == 3996
