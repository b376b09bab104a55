"""Reductions by a whole factor need sides that it divides, which cropping gives."""

from __future__ import annotations

import numpy as np
import pytest

from lienet.degradations.reductions import crop_to_multiple, downsample
from lienet.errors import InputError


def test_sides_that_do_not_fit_are_refused_and_cropping_mends_them():
    odd = np.zeros((98, 67, 3), np.uint8)
    with pytest.raises(InputError, match="multiples of 4, got 98 x 67"):
        downsample(odd, scale=4)
    cropped = crop_to_multiple(odd, multiple=4)
    assert cropped.shape == (96, 64, 3)
    assert downsample(cropped, scale=4).shape == (24, 16, 3)
