"""Which processor this is: another kind may round floating-point sums in another way."""

from __future__ import annotations

import platform
from pathlib import Path


def describe_processor() -> str:
    """Return maker, family and model where Linux tells them, else the machine's name."""
    try:
        text = Path("/proc/cpuinfo").read_text(encoding="utf-8")
    except OSError:
        return platform.machine()
    fields = dict(
        (part.strip() for part in line.split(":", 1))
        for line in text.split("\n\n")[0].splitlines()
        if ":" in line
    )
    names = ("vendor_id", "cpu family", "model")
    return " ".join(fields.get(name, "?") for name in names)
