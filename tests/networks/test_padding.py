"""Sides that are no multiple of a fold: what is repeated, and that cropping undoes it."""

from __future__ import annotations

import pytest
import torch

from lienet.networks.padding import crop_to, pad_to_multiple


@pytest.mark.parametrize("multiple", [2, 4])
@pytest.mark.parametrize("size", [(8, 8), (9, 14), (11, 17), (22, 31)])
def test_the_last_row_and_column_are_repeated(multiple: int, size: tuple[int, int]):
    image = torch.rand(2, 3, *size)
    by_hand = image
    while by_hand.shape[2] % multiple:
        by_hand = torch.cat((by_hand, by_hand[:, :, -1:]), dim=2)
    while by_hand.shape[3] % multiple:
        by_hand = torch.cat((by_hand, by_hand[..., -1:]), dim=3)
    padded = pad_to_multiple(image, multiple)
    assert torch.equal(padded, by_hand)
    assert torch.equal(crop_to(padded, image), image)
