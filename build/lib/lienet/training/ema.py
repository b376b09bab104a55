"""An exponential moving average of a model's weights, the weights that are kept in the end."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import Tensor, nn


class WeightAverage:
    """Track ``average <- decay * average + (1 - decay) * weights`` after every step.

    Early on the decay is held below ``(1 + step) / (10 + step)``, so that the first weights,
    which know nothing, do not linger. Buffers (batch normalisation's statistics) are averaged
    too; counters are copied.
    """

    def __init__(self, model: nn.Module, *, decay: float) -> None:
        self.decay = decay
        self._values = {name: value.clone() for name, value in model.state_dict().items()}

    @torch.no_grad()
    def update(self, model: nn.Module, step: int) -> None:
        """Take in the weights after ``step`` (counted from 0)."""
        decay = min(self.decay, (1 + step) / (10 + step))
        current = model.state_dict()
        floating = [name for name, value in current.items() if value.is_floating_point()]
        torch._foreach_lerp_(
            [self._values[name] for name in floating],
            [current[name] for name in floating],
            1.0 - decay,
        )
        for name in current.keys() - set(floating):
            self._values[name].copy_(current[name])

    @contextmanager
    def applied_to(self, model: nn.Module) -> Iterator[None]:
        """Put the average into ``model``, in eval mode, for the time of the context."""
        kept = {name: value.clone() for name, value in model.state_dict().items()}
        was_training = model.training
        model.load_state_dict(self._values)
        model.eval()
        try:
            yield
        finally:
            model.load_state_dict(kept)
            model.train(was_training)

    def copy_to(self, model: nn.Module) -> None:
        """Leave the average in ``model`` for good."""
        model.load_state_dict(self._values)

    def to(self, device: torch.device) -> None:
        """Move the average to where the model is."""
        self._values = {name: value.to(device) for name, value in self._values.items()}

    def state_dict(self) -> dict[str, Tensor]:
        """Return the averaged weights by name."""
        return dict(self._values)

    def load_state_dict(self, state: dict[str, Tensor]) -> None:
        """Take up stored averaged weights."""
        self._values = {name: value.clone() for name, value in state.items()}
