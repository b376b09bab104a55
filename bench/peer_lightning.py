"""The same training by Lightning's Trainer, fp32, as its documentation shows it.

Run by the Python that ``make peers`` prepares: ``python -m bench.peer_lightning FOLDER STEPS``. It
writes what ``bench.peer_training`` writes.
"""

from __future__ import annotations

import json
import logging
import resource
import sys
import warnings
from pathlib import Path
from typing import Any

import lightning
import torch
from torch import Tensor
from torch.nn import functional
from torch.utils.data import DataLoader

from bench.peer_training import BATCH, PROFILE, Tiles, count_seconds, ssim_loss
from lienet.networks.registry import build_model
from lienet.params import load_params

NUM_UNCOUNTED = 2


class Enhancement(lightning.LightningModule):  # type: ignore[misc]  # not installed where checked
    """The network with its loss and optimizer."""

    def __init__(self) -> None:
        super().__init__()
        self.network = build_model(load_params(PROFILE).models["sr-lienet"])
        self.begun_s = 0.0

    def training_step(self, pair: tuple[Tensor, Tensor], number: int) -> Tensor:
        """Return the loss of a batch."""
        if number == NUM_UNCOUNTED:
            self.begun_s = count_seconds(resource.RUSAGE_SELF)
        low, high = pair
        enhanced = self.network(low)
        return functional.mse_loss(enhanced, high) + 0.1 * ssim_loss(enhanced, high)

    def configure_optimizers(self) -> Any:
        """Return Adam."""
        return torch.optim.Adam(self.parameters(), lr=1e-3)


def train(folder: Path, steps: int) -> dict[str, float]:
    """Take ``steps`` steps; the first two, which set up, are not counted."""
    torch.set_num_threads(1)
    module = Enhancement()
    trainer = lightning.Trainer(
        max_epochs=1,
        accelerator="cpu",
        logger=False,
        enable_checkpointing=False,
        enable_progress_bar=False,
        enable_model_summary=False,
    )
    tiles = Tiles(folder, (steps + NUM_UNCOUNTED) * BATCH)
    trainer.fit(module, DataLoader(tiles, BATCH, num_workers=2))
    own_s = count_seconds(resource.RUSAGE_SELF) - module.begun_s
    loading_s = count_seconds(resource.RUSAGE_CHILDREN) * steps / (steps + NUM_UNCOUNTED)
    return {"patches": steps * BATCH, "processor_s": own_s + loading_s}


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    logging.disable(logging.WARNING)
    sys.stdout.write(f"{json.dumps(train(Path(sys.argv[1]), int(sys.argv[2])))}\n")
