"""A plain torch script, as tools of this kind train: PNG tiles, a DataLoader, fp32, NCHW.

Run as a process of its own: ``python -m bench.peer_training FOLDER STEPS``. It writes the patches
that it trained on and the processor seconds that it and its two loading processes took for them.
"""

from __future__ import annotations

import json
import resource
import sys
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch.nn import functional
from torch.utils.data import DataLoader, Dataset

from lienet.networks.registry import build_model
from lienet.params import load_params

PROFILE = Path(__file__).resolve().parent.parent / "profiles" / "bench.yaml"
BATCH, PATCH_PX, SCALE = 16, 48, 4


class Tiles(Dataset[tuple[torch.Tensor, torch.Tensor]]):
    """Random crops of pairs of PNG files."""

    def __init__(self, folder: Path, length: int) -> None:
        self.paths, self.length = sorted(folder.glob("lr/*.png")), length

    def __len__(self) -> int:
        return self.length

    def __getitem__(self, index: int) -> tuple[torch.Tensor, torch.Tensor]:
        draws = np.random.default_rng(index)
        path = self.paths[int(draws.integers(len(self.paths)))]
        low = np.asarray(Image.open(path))
        high = np.asarray(Image.open(path.parent.parent / "hr" / path.name))
        top, left = (int(draws.integers(side - PATCH_PX + 1)) for side in low.shape[:2])
        turn = bool(draws.integers(2))
        return _crop(low, top, left, PATCH_PX, turn), _crop(
            high, top * SCALE, left * SCALE, PATCH_PX * SCALE, turn
        )


def ssim_loss(x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
    """Return 1 - SSIM as autograd differentiates it."""
    taps = torch.exp(-((torch.arange(11.0) - 5) ** 2) / 4.5)
    window = (taps / taps.sum()).outer(taps / taps.sum()).expand(3, 1, 11, 11)
    mx, my, xx, yy, xy = (
        functional.conv2d(t, window, groups=3) for t in (x, y, x * x, y * y, x * y)
    )
    top = (2 * mx * my + 1e-4) * (2 * (xy - mx * my) + 9e-4)
    return 1 - (top / ((mx**2 + my**2 + 1e-4) * (xx - mx**2 + yy - my**2 + 9e-4))).mean()


def train(folder: Path, steps: int) -> dict[str, float]:
    """Take ``steps`` steps; the first two, which set up, are not counted."""
    torch.set_num_threads(1)
    model = build_model(load_params(PROFILE).models["sr-lienet"])
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
    tiles = Tiles(folder, (steps + 2) * BATCH)
    for step, (low, high) in enumerate(DataLoader(tiles, BATCH, num_workers=2), start=-2):
        if step == 0:
            begun_s = _own_seconds()
        loss = functional.mse_loss(enhanced := model(low), high) + 0.1 * ssim_loss(enhanced, high)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    own_s = _own_seconds() - begun_s
    loading_s = count_seconds(resource.RUSAGE_CHILDREN) * steps / (steps + 2)
    return {"patches": steps * BATCH, "processor_s": own_s + loading_s}


def _crop(pixels: np.ndarray, top: int, left: int, side: int, turn: bool) -> torch.Tensor:
    patch = torch.from_numpy(pixels[top : top + side, left : left + side].copy())
    patch = patch.permute(2, 0, 1).float() / 255
    return patch.flip(-1) if turn else patch


def _own_seconds() -> float:
    return count_seconds(resource.RUSAGE_SELF)


def count_seconds(who: int) -> float:
    """Return the processor seconds of this process, or of its ended children."""
    used = resource.getrusage(who)
    return used.ru_utime + used.ru_stime


if __name__ == "__main__":
    sys.stdout.write(f"{json.dumps(train(Path(sys.argv[1]), int(sys.argv[2])))}\n")
