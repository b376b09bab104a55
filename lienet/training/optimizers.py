"""Adam, in the form that is fastest on its device, and the learning rate's way into it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import torch
from torch import Tensor, nn


def make_adam(
    parameters: Iterable[nn.Parameter], *, learning_rate: float, device: torch.device
) -> torch.optim.Adam:
    """Return Adam over parameters that lie on ``device``.

    On a GPU it is one kernel, and its learning rate lies there, so that a CUDA graph of the step
    reads it anew each time.
    """
    if device.type == "cuda":
        rate = torch.tensor(learning_rate, device=device)
        return torch.optim.Adam(parameters, lr=rate, fused=True, capturable=True)
    return torch.optim.Adam(parameters, lr=learning_rate, foreach=True)


def set_rate(optimizer: Any, learning_rate: float) -> None:
    """Let the next step be taken at a learning rate."""
    for group in optimizer.param_groups:
        if isinstance(group["lr"], Tensor):
            group["lr"].fill_(learning_rate)
        else:
            group["lr"] = learning_rate


def take_up(optimizer: torch.optim.Adam, state: dict[str, Any]) -> None:
    """Load an optimizer's moments; its form stays its own, as those of a GPU and a CPU differ."""
    own = optimizer.state_dict()["param_groups"]
    optimizer.load_state_dict({"state": state["state"], "param_groups": own})
