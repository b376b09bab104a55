"""Which processor this machine has."""

from __future__ import annotations

import platform
from pathlib import Path


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
