from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import skimage.data
import torch

from lienet.errors import ModelError
from lienet.evaluation.feature_extraction import extract_feature_map
from lienet.images import to_tensor
from lienet.networks.features import extract_features
from lienet.networks.global_skip import BicubicUpsampling
from lienet.networks.registry import build_model
from lienet.params import load_params


@pytest.fixture(scope="module")
def network(repository: Path):
    torch.manual_seed(0)
    return build_model(load_params(repository / "params.yaml").models["sr-lienet"]).eval()


def make_photograph():
    return skimage.data.astronaut()[:60, 180:260]


def test_each_channel_is_stretched_over_its_own_range(network):
    pixels = make_photograph()
    found = extract_feature_map(network, pixels, test_set="s", key="a", max_side_px=512)
    with torch.inference_mode():
        expected = extract_features(network, to_tensor(pixels))[0].numpy()
    assert found.channels.shape == (16, 60, 80)
    for channel, low, high, values in zip(
        found.channels, found.low, found.high, expected, strict=True
    ):
        assert (low, high) == (values.min(), values.max())
        if high > low:
            assert (channel.min(), channel.max()) == (0, 255)
            back = low + channel / 255 * (high - low)
            assert np.abs(back - values).max() <= (high - low) / 500


def test_a_large_input_is_cut_to_its_middle(network):
    found = extract_feature_map(network, make_photograph(), test_set="s", key="a", max_side_px=40)
    assert np.array_equal(found.degraded, make_photograph()[10:50, 20:60])


def test_a_network_without_a_map_is_refused():
    with pytest.raises(ModelError, match="AI feature map"):
        extract_feature_map(
            BicubicUpsampling(2), make_photograph(), test_set="s", key="a", max_side_px=40
        )
