"""A torch module put to use through numpy's planes."""

from __future__ import annotations

import numpy as np
from torch import nn

from lienet.deployment.torch_network import TorchNetwork


def test_a_module_runs_in_eval_mode_without_gradients():
    degraded = np.random.default_rng(0).random((1, 3, 9, 11), dtype=np.float32)
    module = nn.Sequential(nn.Conv2d(3, 3, 3, padding=1), nn.BatchNorm2d(3), nn.Dropout(0.9))
    network = TorchNetwork(module.train())
    assert not module.training
    first = network(degraded)
    assert first.dtype == np.float32
    assert np.array_equal(first, network(degraded))
    assert network.input_size_px is None
