"""The weights that did best on the validation tiles, for a run that is to end with them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from torch import Tensor, nn


@dataclass
class BestWeights:
    """The averaged weights of the best validation so far."""

    step: int = 0
    """How many steps they had learnt for; 0 before the first validation."""
    psnr_db: float = float("-inf")
    _values: dict[str, Tensor] = field(default_factory=dict)

    def offer(self, values: Mapping[str, Tensor], *, step: int, psnr_db: float | None) -> None:
        """Keep a copy of weights that beat those before; the earlier of equals stay."""
        if psnr_db is not None and psnr_db > self.psnr_db:
            self.step, self.psnr_db = step, psnr_db
            self._values = {name: value.clone() for name, value in values.items()}

    def copy_to(self, model: nn.Module) -> None:
        """Leave them in ``model``."""
        model.load_state_dict(self._values)

    def state_dict(self) -> dict[str, Any]:
        """Return what a checkpoint holds of them."""
        return {"step": self.step, "psnr_db": self.psnr_db, "values": self._values}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Take up what :meth:`state_dict` returned."""
        self.step, self.psnr_db = state["step"], state["psnr_db"]
        self._values = dict(state["values"])
