"""The paper's own Table 1, to stand beside ours; nothing here is measured by this project."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

PAPER_SOURCE = (
    "Baek et al., Lightweight Image Enhancement Network for Mobile Devices Using Self-Feature "
    "Extraction and Dense Modulation, Table 1 (DIV2K validation set, x4, JPEG quality 20)"
)
PAPER_STEPS = 1_000_000
PAPER_NUM_IMAGES = 100


@dataclass(frozen=True)
class PaperRow:
    """One row of the paper's Table 1: PSNR in dB, SSIM in [0, 1]."""

    psnr_db: float
    ssim: float


PAPER_TABLE1: Mapping[str, PaperRow] = MappingProxyType(
    {
        "bicubic": PaperRow(29.32, 0.8422),
        "srgan": PaperRow(30.51, 0.8624),
        "esrgan": PaperRow(30.56, 0.8627),
        "sftgan": PaperRow(30.10, 0.8560),
        "lienet": PaperRow(30.63, 0.8744),
    }
)
"""The paper's rows by model name; its "Ours" is ``lienet``. It says neither colour nor border."""


def paper_gain(model: str) -> PaperRow | None:
    """Return the paper's gain over its own bicubic row, or None where it has no such row."""
    row, bicubic = PAPER_TABLE1.get(model), PAPER_TABLE1["bicubic"]
    if row is None or model == "bicubic":
        return None
    return PaperRow(round(row.psnr_db - bicubic.psnr_db, 2), round(row.ssim - bicubic.ssim, 4))
