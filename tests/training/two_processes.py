"""Trains in two processes over gloo on the loopback, then alone; for tests of ``step``.

``python -m tests.training.two_processes FOLDER``: the folder's name is what to train by.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import torch
from lightning_fabric import Fabric
from torch import Tensor, nn

from lienet.errors import TrainingError
from lienet.images import Pixels
from lienet.networks.auxiliary import AuxiliaryLoss
from lienet.params import Objective
from lienet.shards.patch_sampling import BatchRequest
from lienet.training.loop import Assignment, fit, start_fabric
from tests.training.loop_inputs import GAN, OBJECTIVE, Net, Patches, make_train

POISONED_STEP = 6


class PlainNet(Net):
    """No batch statistics, which each process has of its own."""

    def __init__(self) -> None:
        super().__init__()
        del self.layers[1]


class BringingLosses(PlainNet):
    """Trains a part of its own, which its output does not depend on, by a loss of its own."""

    def __init__(self) -> None:
        super().__init__()
        self.probe = nn.Conv2d(3, 3, 1)

    @property
    def training_parts(self) -> list[nn.Module]:
        return [self.probe]

    def auxiliary_losses(self, degraded: Tensor, reference: Tensor) -> dict[str, AuxiliaryLoss]:
        distance = (self.probe(degraded) - self.layers[:1](degraded)[:, :3]).square().mean()
        return {"probe_loss": AuxiliaryLoss(distance, 0.5)}


class PoisonedPatches(Patches):
    """Makes a weight of the second process NaN."""

    def __init__(self, model: nn.Module) -> None:
        self.model = model

    def draw(self, asked: BatchRequest) -> tuple[Pixels, Pixels]:
        if asked.step == POISONED_STEP and asked.rank == 1:
            next(self.model.parameters()).data.fill_(float("nan"))
        return super().draw(asked)


def train(fabric: Fabric, devices: int, folder: Path) -> dict[str, Any]:
    model = BringingLosses() if folder.name == "auxiliary" else PlainNet()
    degraded, reference = Patches().draw(BatchRequest(9, 0, 1, 16))
    work = Assignment(
        train=make_train(batch_size=4, devices=devices, learning_rate=1e-3),
        objective=Objective.model_validate(GAN if folder.name == "gan" else OBJECTIVE),
        seed=5,
        run_key="key",
        patches=PoisonedPatches(model) if folder.name == "poisoned" else Patches(),
        valid_tiles=[(degraded[0], reference[0])],
        state_dir=folder / f"state{devices}",
    )
    outcome = fit(model, work, fabric)
    return {"weights": outcome.model.state_dict(), "history": outcome.history}


def main() -> None:
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    fabric = start_fabric(make_train(batch_size=4, devices=2), "fp32")
    rank = fabric.global_rank
    try:
        torch.save(train(fabric, 2, folder), folder / f"{rank}.pt")
    except TrainingError as error:
        (folder / f"{rank}.txt").write_text(str(error))
        fabric.barrier()  # so that both have told
        raise
    if rank == 0:
        alone = Fabric(accelerator="cpu", devices=1)
        torch.save(train(alone, 1, folder), folder / "alone.pt")


if __name__ == "__main__":
    main()
