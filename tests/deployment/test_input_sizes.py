from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from lienet.deployment.input_sizes import find_sizes, round_up
from lienet.deployment.runtimes import Planes
from lienet.errors import ModelError


def make(scale: int, multiple: int = 1):
    def run(image: Planes) -> Planes:
        if image.shape[2] % multiple or image.shape[3] % multiple:
            raise ModelError("a side is no multiple")
        return np.repeat(np.repeat(image, scale, 2), scale, 3)

    return run


@pytest.mark.parametrize("multiple", [1, 2, 4, 16, 64])
def test_scale_and_multiple_are_found_by_trial(multiple: int):
    assert find_sizes(make(3, multiple), Path("a"), None) == (3, multiple)


def test_a_network_of_one_size_is_tried_at_that_size():
    assert find_sizes(make(2, 7), Path("a"), (14, 21)) == (2, 1)


def test_what_fits_no_size_says_why():
    with pytest.raises(ModelError, match="a side is no multiple"):
        find_sizes(make(1, 128), Path("a"), None)
    with pytest.raises(ModelError, match="must enlarge an RGB image by a whole factor"):
        find_sizes(lambda image: image[..., :5, :], Path("a"), None)


def test_sizes_are_rounded_up_and_never_under_eight():
    assert round_up(3, 17, multiple=4) == (8, 20)
    assert round_up(8, 9, multiple=1) == (8, 9)
