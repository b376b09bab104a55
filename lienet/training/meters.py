"""What each step tells of itself, summed on its device and read only when a row is due.

Reading a number makes a GPU's steps wait for one another. So the sums stay where they are, and a
value that is not finite is found later, with the step that it came from.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from itertools import groupby
from pathlib import Path
from typing import Any, NamedTuple, cast

import torch
from lightning_fabric import Fabric
from torch import Tensor

from lienet.training.divergence import require_finite


class _Told(NamedTuple):
    step: int
    names: tuple[str, ...]
    values: Tensor


class Meter:
    """Sums of the values that steps told since the last row, by name."""

    def __init__(self, fabric: Fabric) -> None:
        self._fabric = fabric
        self._sums: dict[str, Tensor] = {}
        self._counts: dict[str, int] = {}
        """Steps that each value was told at: the adversarial ones begin later."""
        self._unchecked: list[_Told] = []

    def add(self, told: Mapping[str, Tensor], *, step: int) -> None:
        """Take in what ``step`` told; nothing waits for it."""
        for name, value in told.items():
            self._sums[name] = self._sums.get(name, 0.0) + value
            self._counts[name] = self._counts.get(name, 0) + 1
        self._unchecked.append(
            _Told(step, tuple(told), torch.stack([value.double() for value in told.values()]))
        )

    def check(self, *, state_dir: Path) -> None:
        """Stop the run, on all processes, if a value told since the last check is not finite.

        Raises:
            TrainingError: naming the first such value, and the step that it came from.
        """
        step, position, value = math.inf, 0, 0.0
        names: dict[int, tuple[str, ...]] = {}
        for own, some in groupby(self._unchecked, lambda told: told.names):
            steps = list(some)
            names |= {told.step: own for told in steps}
            values = torch.stack([told.values for told in steps])
            wrong = (~values.isfinite()).nonzero()
            if len(wrong) and step == math.inf:
                row, position = wrong[0].tolist()
                step, value = steps[row].step, values[row, position].item()
        self._unchecked.clear()
        found = torch.tensor(
            [step, position, value], dtype=torch.float64, device=self._fabric.device
        )
        gathered = cast(Tensor, self._fabric.all_gather(found))
        first = min(gathered.reshape(-1, 3).tolist())
        if first[0] < math.inf:
            name = names[int(first[0])][int(first[1])]
            require_finite({name: first[2]}, step=int(first[0]), state_dir=state_dir)

    def take_means(self) -> dict[str, float]:
        """Return the mean of each value over its steps and all processes, and begin anew."""
        totals = [total.double() for total in self._gather().values()]
        read = torch.stack(totals).tolist() if totals else []
        means = {
            name: total / self._counts[name] for name, total in zip(self._sums, read, strict=True)
        }
        self._sums.clear()
        self._counts.clear()
        return means

    def state_dict(self) -> dict[str, Any]:
        """Return the sums since the last row, their mean over processes; all of these must ask."""
        return {"sums": self._gather(), "counts": dict(self._counts)}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Take up what ``state_dict`` returned."""
        device = self._fabric.device
        self._sums = {name: total.to(device) for name, total in state["sums"].items()}
        self._counts = dict(state["counts"])

    def _gather(self) -> dict[str, Tensor]:
        return {
            name: cast(Tensor, self._fabric.all_reduce(total.clone(), reduce_op="mean"))
            for name, total in self._sums.items()
        }
