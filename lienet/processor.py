"""Which processor this machine has, and how busy it is."""

from __future__ import annotations

import os
import platform
import time
from pathlib import Path

_STAT = Path("/proc/stat")


def read_processor_name(cpuinfo: Path = Path("/proc/cpuinfo")) -> str:
    """Return the model name of the first processor, or the architecture where none is told."""
    try:
        lines = cpuinfo.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        lines = []
    for line in lines:
        label, _, value = line.partition(":")
        if label.strip() == "model name":
            return value.strip()
    return platform.machine()


def measure_busy_processors(*, seconds: float = 0.5) -> float | None:
    """Return how many processors are kept busy, on average; None where the system does not say.

    This process waits meanwhile, so it is others that are counted.
    """
    before = _read_busy_ticks()
    if before is None:
        return None
    started = time.monotonic()
    time.sleep(seconds)
    after = _read_busy_ticks()
    if after is None:
        return None
    ticks_per_s = os.sysconf("SC_CLK_TCK")
    return (after - before) / ticks_per_s / (time.monotonic() - started)


def _read_busy_ticks() -> int | None:
    """Return the ticks since the start that all processors were neither idle nor waiting."""
    try:
        first = _STAT.read_text(encoding="ascii").split("\n", 1)[0].split()
    except OSError:
        return None
    user, nice, system, _idle, _wait, interrupt, soft_interrupt = map(int, first[1:8])
    return user + nice + system + interrupt + soft_interrupt
