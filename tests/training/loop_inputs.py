"""A small network, pictures that it can learn from, and params of a short training."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch
from lightning_fabric import Fabric
from torch import Tensor, nn

from lienet.images import Pixels
from lienet.params import Objective, Train
from lienet.shards.patch_sampling import BatchRequest
from lienet.training.loop import Assignment, Outcome, fit


class Patches:
    """Smooth random pictures; the degraded one is the reference's every second pixel."""

    def draw(self, asked: BatchRequest) -> tuple[Pixels, Pixels]:
        generator = np.random.default_rng((asked.seed, asked.step, 0))
        side = asked.patch_px // 4
        coarse = generator.integers(0, 256, (asked.batch_size, side, side, 3))
        reference = coarse.repeat(8, axis=1).repeat(8, axis=2).astype(np.uint8)
        reference = np.array_split(reference, asked.num_ranks)[asked.rank]
        return reference[:, ::2, ::2], reference


class Net(nn.Module):
    """Two convolutions and a pixel-shuffle, with batch statistics to keep."""

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.layers = nn.Sequential(
            nn.Conv2d(3, 8, 3, padding=1),
            nn.BatchNorm2d(8),
            nn.LeakyReLU(0.1),
            nn.Conv2d(8, 12, 3, padding=1),
            nn.PixelShuffle(2),
        )

    def forward(self, degraded: Tensor) -> Tensor:
        enhanced: Tensor = self.layers(degraded)
        return enhanced


OBJECTIVE = {
    "pixel": "mse",
    "pixel_weight": 1.0,
    "ssim_weight": 0.1,
    "perceptual": None,
    "adversarial": None,
}
ADVERSARIAL = {
    "weight": 0.01,
    "warm_up_steps": 5,
    "discriminator_channels": 2,
    "spectral_norm": True,
    "learning_rate": 1e-3,
    "collapse_after_points": 2,
}
GAN = OBJECTIVE | {"adversarial": ADVERSARIAL}


def make_train(**changes: Any) -> Train:
    base = {
        "steps": 12,
        "batch_size": 2,
        "patch_px": 16,
        "learning_rate": 1e-2,
        "lr_halve_every_steps": 4,
        "lr_halve_times": 2,
        "ema_decay": 0.5,
        "grad_clip_norm": None,
        "precision": "fp32",
        "accelerator": "cpu",
        "devices": 1,
        "num_nodes": 1,
        "num_threads": 1,
        "compile": False,
        "store": "memory",
        "log_every_steps": 3,
        "validate_every_steps": 6,
        "checkpoint_every_steps": 4,
        "max_valid_tiles": 4,
        "objectives": {"sr": OBJECTIVE},
        "overrides": {"sr": {}, "face": {}, "old_photo": {}},
    }
    return Train.model_validate(base | changes)


def run(
    fabric: Fabric,
    state_dir: Path,
    *,
    train: Train | None = None,
    run_key: str = "key",
    on_step: Callable[[int], None] = lambda step: None,
    patches: Any = None,
    objective: dict[str, Any] = OBJECTIVE,
    model: nn.Module | None = None,
    targets: Any = (),
    quantised: bool = False,
) -> Outcome:
    degraded, reference = Patches().draw(BatchRequest(9, 0, 1, 16))
    work = Assignment(
        train=train or make_train(),
        objective=Objective.model_validate(objective),
        seed=5,
        run_key=run_key,
        patches=patches or Patches(),
        targets=targets,
        valid_tiles=[(degraded[0], reference[0])],
        state_dir=state_dir,
        on_step=on_step,
        quantised=quantised,
    )
    return fit(model or Net(), work, fabric)
