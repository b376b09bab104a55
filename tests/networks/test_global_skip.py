"""What a network's output is added to: bicubic upsampling by hand, and colours that learn."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch.nn import functional

from lienet.degradations.resize import resize_bicubic
from lienet.networks.global_skip import (
    BicubicUpsampling,
    ColourMap,
    cubic,
    enlargement,
    make_skip,
    shuffle_out,
)


@pytest.mark.parametrize(
    ("distance", "value"),
    [(0.0, 1.0), (0.5, 0.5625), (1.0, 0.0), (1.5, -0.0625), (2.0, 0.0), (2.5, 0.0)],
)
def test_cubic_kernel_by_hand(distance, value):
    points = torch.tensor([distance, -distance], dtype=torch.float64)
    assert cubic(points).tolist() == pytest.approx([value, value], abs=1e-12)


@pytest.mark.parametrize("scale", [2, 4])
@pytest.mark.parametrize("size", [(2, 2), (7, 5), (16, 24)])
def test_bicubic_upsampling_equals_the_data_side(scale, size):
    pixels = np.random.default_rng(3).random((*size, 3), dtype=np.float32)
    expected = resize_bicubic(pixels, scale=scale)
    tensor = torch.from_numpy(pixels).permute(2, 0, 1)[None]
    enlarged = BicubicUpsampling(scale)(tensor)[0].permute(1, 2, 0).numpy()
    np.testing.assert_allclose(enlarged, expected, atol=2e-6)


def test_bicubic_upsampling_learns_nothing():
    assert not list(BicubicUpsampling(4).parameters())
    assert not BicubicUpsampling(4).state_dict()


def test_scale_one_enlarges_nothing():
    image = torch.rand(2, 3, 5, 6)
    assert torch.equal(enlargement(1)(image), image)
    assert enlargement(2)(image).shape == (2, 3, 10, 12)


def test_colours_start_as_they_are_and_learn_an_affine_map():
    colours, image = ColourMap(), torch.rand(2, 3, 7, 5)
    assert torch.equal(colours(image), image)
    faded = 0.1 + torch.tensor([0.7, 0.6, 0.5]).reshape(3, 1, 1) * image
    optimizer = torch.optim.LBFGS(colours.parameters(), max_iter=200, tolerance_grad=1e-9)

    def compute_error() -> torch.Tensor:
        optimizer.zero_grad()
        error = (colours(faded) - image).square().mean()
        error.backward()
        return error

    optimizer.step(compute_error)  # type: ignore[no-untyped-call]
    torch.testing.assert_close(colours(faded), image, atol=1e-3, rtol=0)


def test_each_word_names_its_skip():
    image = torch.rand(1, 3, 4, 6)
    assert make_skip("none", 2) is None
    for kind, num_parameters in (("bicubic", 0), ("colour", 12)):
        skip = make_skip(kind, 2)
        assert skip is not None
        assert torch.equal(skip(image), BicubicUpsampling(2)(image))
        assert sum(parameter.numel() for parameter in skip.parameters()) == num_parameters
        kept = make_skip(kind, 1)
        assert kept is not None
        assert torch.equal(kept(image), image)


@pytest.mark.parametrize("kind", ["none", "bicubic", "colour"])
def test_output_is_the_shuffled_tail_and_the_skip(kind):
    torch.manual_seed(0)
    skip, image, tail = make_skip(kind, 2), torch.rand(1, 3, 5, 7), torch.rand(1, 12, 5, 7)
    wanted = functional.pixel_shuffle(tail, 2)
    if skip is not None:
        wanted = wanted + skip(image)
    assert torch.equal(shuffle_out(tail, skip, image, 2), wanted)
