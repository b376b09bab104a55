"""How a network's weights lie in memory."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from lienet.networks.memory_layout import lay_out

LAYOUTS = [torch.channels_last, torch.contiguous_format]


@pytest.mark.parametrize(("before", "layout"), [LAYOUTS, LAYOUTS[::-1]])
def test_weights_keep_their_values_and_are_laid_out_in_place(
    before: torch.memory_format, layout: torch.memory_format
):
    layer = lay_out(nn.Conv2d(3, 5, 3), before)
    values, bias = layer.weight.clone(), layer.bias
    assert not layer.weight.is_contiguous(memory_format=layout)
    assert lay_out(layer, layout) is layer
    assert layer.weight.is_contiguous(memory_format=layout)
    assert torch.equal(layer.weight, values)
    assert layer.bias is bias
