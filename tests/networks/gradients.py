"""Whether a network learns as a whole."""

from __future__ import annotations

import torch
from torch import Tensor, nn


def find_silent_parameters(model: nn.Module, degraded: Tensor, target: Tensor) -> list[str]:
    """Return the parameters that have no gradient after one step towards ``target``."""
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    for _ in range(2):  # modulation's weights start at zero and shield the AI features once
        optimizer.zero_grad()
        (model(degraded) - target).square().mean().backward()
        optimizer.step()
    return [name for name, value in model.named_parameters() if not value.grad.abs().sum() > 0]
