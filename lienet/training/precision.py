"""Number formats of training: float32, or bfloat16 where the machine multiplies it natively."""

from __future__ import annotations

from typing import Literal

import torch

FabricPrecision = Literal["32-true", "bf16-mixed"]


def choose_precision(requested: Literal["auto", "fp32", "bf16"], *, cuda: bool) -> FabricPrecision:
    """Return Fabric's name for the precision; "auto" is bf16 where it is native, else fp32."""
    if requested == "fp32":
        return "32-true"
    if requested == "bf16" or has_native_bf16(cuda=cuda):
        return "bf16-mixed"
    return "32-true"


def has_native_bf16(*, cuda: bool) -> bool:
    """Tell whether the GPU, or this processor, has bf16 multiply instructions."""
    if cuda:
        return bool(torch.cuda.is_bf16_supported(including_emulation=False))
    return bool(torch.cpu._is_avx512_bf16_supported() or torch.cpu._is_amx_tile_supported())
