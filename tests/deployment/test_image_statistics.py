"""The statistics of a whole image, whatever tiles it comes in."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn

from lienet.deployment.image_statistics import Moments, gather_statistics
from lienet.deployment.runtimes import Planes
from lienet.deployment.tiling import plan_spans
from lienet.deployment.torch_network import TorchNetwork
from lienet.networks.enhancement import LienetEnhancement
from lienet.networks.registry import build_model
from lienet.params import load_params


@pytest.fixture
def model(repository) -> LienetEnhancement:
    spec = load_params(repository / "profiles" / "sample.yaml").models["face-lienet"]
    torch.manual_seed(4)
    model = build_model(spec.model_copy(update={"num_blocks": 1}))
    assert isinstance(model, LienetEnhancement)
    for guide in model.guides:  # or the second layer would see nothing of what the first one made
        nn.init.normal_(guide.modulation.alpha.weight, std=0.3)
    return model.eval()


def test_moments_by_hand():
    first = Moments.of(np.array([1.0, 3.0], np.float32).reshape(1, 1, 1, 2))
    second = Moments.of(np.array([5.0, 7.0, 9.0], np.float32).reshape(1, 1, 3, 1))
    both = first.merge(second)
    # 1, 3, 5, 7, 9: mean 5, squared deviations 16 + 4 + 0 + 4 + 16
    assert (both.count, both.mean.item(), both.squares.item()) == (5, 5.0, 40.0)
    mean, variance = both.as_statistics()
    assert mean.shape == variance.shape == (1, 1, 1, 1)
    assert variance.item() == 8.0


def test_moments_keep_their_digits_far_from_zero():
    values = 1e4 + np.random.default_rng(0).random((1, 2, 8, 64))
    parts = [Moments.of(part) for part in np.split(values, 4, axis=3)]
    total = parts[0]
    for part in parts[1:]:
        total = total.merge(part)
    np.testing.assert_allclose(total.squares / total.count, values.var((2, 3))[0], rtol=1e-9)


@pytest.mark.parametrize("size_px", [(101, 150), (64, 203)])
def test_tiles_find_what_the_whole_image_has(model: LienetEnhancement, size_px: tuple[int, int]):
    noise = np.random.default_rng(4).random((1, 3, *size_px), dtype=np.float32)
    image = noise * np.linspace(0.1, 1, size_px[1], dtype=np.float32)
    plans = [plan_spans(length, side_px=56, overlap_px=8, fade_px=8) for length in size_px]

    def tiles() -> list[tuple[Planes, tuple[slice, slice]]]:
        return [
            (
                image[..., rows.start : rows.stop, columns.start : columns.stop],
                (rows.cells_of_tile(4), columns.cells_of_tile(4)),
            )
            for rows in plans[0]
            for columns in plans[1]
        ]

    assert len(tiles()) > 4
    network = TorchNetwork(model)
    found = gather_statistics(network, tiles)
    whole = gather_statistics(network, lambda: [(image, (slice(None), slice(None)))])
    assert len(found) == len(whole) == 2
    for (mean, variance), (mean_whole, variance_whole) in zip(found, whole, strict=True):
        np.testing.assert_allclose(mean, mean_whole, rtol=1e-4, atol=1e-5)
        np.testing.assert_allclose(variance, variance_whole, rtol=1e-4, atol=1e-6)
    alone = Moments.of(network.features_to_normalise(tiles()[0][0], [])).as_statistics()
    assert np.abs(alone[0] - whole[0][0]).max() > 0.01, "a tile's own would differ"
    np.testing.assert_allclose(network(image, found), network(image), atol=1e-4)


def test_other_networks_have_none():
    network = TorchNetwork(nn.Conv2d(3, 3, 1))
    assert network.num_statistics == 0
    assert gather_statistics(network, list) == []
