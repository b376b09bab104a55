"""How many decimals a figure has in MLflow: as many as a reader of Table 1 needs."""

from __future__ import annotations

_DECIMALS = {"db": 3, "ssim": 4, "gain": 4, "vmaf": 2, "ms": 1}
"""By the last word of a figure's name."""
_OTHERS = 4


def round_figure(name: str, value: float) -> float:
    """Return a figure rounded by its name, such as ``x4_q20_luma/set/psnr_db``."""
    last = name.rpartition("/")[2].rpartition("_")[2]
    return round(value, _DECIMALS.get(last, _OTHERS))
