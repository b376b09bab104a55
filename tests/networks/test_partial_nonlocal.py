"""Partial non-local attention: by hand, blind to what is defective and beyond the border."""

from __future__ import annotations

import math

import pytest
import torch

from lienet.networks.partial_nonlocal import PartialNonlocal, attend_partially


def line(*values: float) -> torch.Tensor:
    """One channel of a row of positions."""
    return torch.tensor(values, dtype=torch.float32).reshape(1, 1, 1, -1)


def test_a_position_takes_the_mean_of_intact_values_by_likeness():
    """Positions three apart are neighbours on the grid: of the seven, 0, 3 and 6 see one another.

    Query 1 at position 0; keys 0, ln 2 and ln 3, so exponentials 1, 2 and 3. The last is half
    defective: weights 1, 2 and 1.5 for the values 9, 18 and 6.
    """
    query = line(1, 0, 0, 0, 0, 0, 0)
    key = line(0, 5, 5, math.log(2), 5, 5, math.log(3))
    value = line(9, -99, -99, 18, -99, -99, 6)
    defects = line(0, 0, 0, 0, 0, 0, 0.5)
    found = attend_partially(query, key, value, defects)
    assert found[..., 0].item() == pytest.approx((9 + 2 * 18 + 1.5 * 6) / 4.5, rel=1e-4)


def test_likeness_is_scaled_by_the_root_of_the_depth():
    query, key = torch.zeros(1, 4, 1, 4), torch.zeros(1, 4, 1, 4)
    query[..., 0] = 1.0
    key[..., 3] = math.log(3) / 2  # four times that, over the root of 4: ln 3
    found = attend_partially(query, key, line(0, 0, 0, 4), torch.zeros(1, 1, 1, 4))
    assert found[..., 0].item() == pytest.approx(3.0, rel=1e-4)


def test_what_is_defective_is_never_taken():
    torch.manual_seed(0)
    query, key = torch.randn(2, 1, 4, 9, 9)
    value, defects = torch.randn(1, 2, 9, 9), (torch.rand(1, 1, 9, 9) > 0.5).float()
    spoilt = value + 100.0 * defects
    found = attend_partially(query, key, value, defects)
    assert torch.allclose(found, attend_partially(query, key, spoilt, defects), atol=1e-4)


def test_where_all_is_defective_it_is_zero():
    ones = torch.ones(1, 1, 4, 4)
    assert attend_partially(ones, ones, ones, ones).abs().max().item() == 0.0


def test_of_equal_values_it_gives_the_value_up_to_the_border():
    torch.manual_seed(0)
    query, key = torch.randn(2, 1, 4, 5, 8)
    found = attend_partially(query, key, torch.full((1, 2, 5, 8), 3.0), torch.zeros(1, 1, 5, 8))
    assert torch.allclose(found, torch.tensor(3.0), atol=1e-3)


def test_module_by_parameters_and_shape():
    module = PartialNonlocal(8)
    assert sum(each.numel() for each in module.parameters()) == 2 * 18 + 36 + 40
    assert module(torch.rand(2, 8, 5, 7), torch.zeros(2, 1, 5, 7)).shape == (2, 8, 5, 7)
