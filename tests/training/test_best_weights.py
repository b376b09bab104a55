"""The best weights are copies, and the earlier of equals stay."""

from __future__ import annotations

import torch
from torch import nn

from lienet.training.best_weights import BestWeights


def test_the_first_of_the_best_is_kept():
    best, values = BestWeights(), {"weight": torch.zeros(1, 1)}
    best.offer(values, step=1, psnr_db=20.0)
    values["weight"] += 1
    best.offer(values, step=2, psnr_db=30.0)
    values["weight"] += 1  # what was kept is not changed
    best.offer(values, step=3, psnr_db=30.0)
    best.offer(values, step=4, psnr_db=None)
    again, layer = BestWeights(), nn.Linear(1, 1, bias=False)
    again.load_state_dict(best.state_dict())
    again.copy_to(layer)
    assert (again.step, again.psnr_db, layer.weight.item()) == (2, 30.0, 1.0)
