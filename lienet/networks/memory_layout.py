"""Memory layout of a network's weights: channels last, or plain."""

from __future__ import annotations

from typing import TypeVar

import torch
from torch import nn

_Module = TypeVar("_Module", bound=nn.Module)


def lay_out(module: _Module, layout: torch.memory_format = torch.channels_last) -> _Module:
    """Lay the weights of convolutions out in place; return the module itself.

    Channels last is the layout in which processors and GPUs run convolutions fastest.

    Args:
        module: any; weights that are not of four dimensions stay as they are.
        layout: ``torch.contiguous_format`` is the plain one, ``n c h w``.
    """
    module.to(memory_format=layout)  # type: ignore[call-overload]  # torch's stubs lack it
    return module
