"""How large tiles may be, by the memory that is free.

What a network needs for each pixel of its input was measured in ONNX Runtime on one thread; a
network of another architecture is taken to need as much as the hungriest.
"""

from __future__ import annotations

import math
import os
from pathlib import Path

MIN_TILE_PX = 128
MAX_TILE_PX = 1024
_BYTES_PER_PIXEL = {"lienet": 1200, "lienet_enhancement": 1100}
_MOST_BYTES_PER_PIXEL = 6000
_MAX_SHARE = 0.25
"""Of free memory: the picture itself and its decoder need theirs."""
_MAX_TILE_BYTES = 640 * 2**20
_MEMINFO = Path("/proc/meminfo")
_CGROUP_LIMITS = (
    ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory.current"),
    (
        "/sys/fs/cgroup/memory/memory.limit_in_bytes",
        "/sys/fs/cgroup/memory/memory.usage_in_bytes",
    ),
)


def choose_tile_px(
    free_bytes: int, *, architecture: str | None = None, num_at_once: int = 1
) -> int:
    """Return the largest side of tiles that fit into a quarter of free memory, and 640 MiB.

    Args:
        free_bytes: what all tiles and pictures share.
        architecture: the network's, as its file says; None if it does not.
        num_at_once: how many pictures are enhanced side by side.

    Returns:
        A multiple of 8, from 128 to 1024.
    """
    need = _BYTES_PER_PIXEL.get(architecture or "", _MOST_BYTES_PER_PIXEL)
    room = min(free_bytes * _MAX_SHARE, _MAX_TILE_BYTES) / num_at_once
    side_px = math.isqrt(int(room / need)) // 8 * 8
    return min(MAX_TILE_PX, max(MIN_TILE_PX, side_px))


def find_free_bytes() -> int:
    """Return how much memory this process may still take, by the machine and its control group."""
    known = [_read_machine()]
    for limit_path, used_path in _CGROUP_LIMITS:
        limit, used = (_read_number(Path(path)) for path in (limit_path, used_path))
        if limit is not None and used is not None:
            known.append(limit - used)
    return max(0, min(known))


def _read_machine() -> int:
    try:
        for line in _MEMINFO.read_text(encoding="ascii").splitlines():
            if line.startswith("MemAvailable:"):
                return int(line.split()[1]) * 1024
    except (OSError, ValueError, IndexError):
        pass
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // 2


def _read_number(path: Path) -> int | None:
    try:
        text = path.read_text(encoding="ascii").strip()
    except OSError:
        return None
    return int(text) if text.isdecimal() else None
