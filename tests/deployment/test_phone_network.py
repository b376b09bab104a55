from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from lienet.deployment.phone_network import PhoneNetwork
from lienet.deployment.runtimes import Planes
from lienet.deployment.tensor_names import UNKNOWN_VARIANCE


class Doubling(PhoneNetwork):
    """Doubles an image, and tells half of it for each layer; notes what it was given."""

    given: Sequence[Planes] = ()

    def run(self, inputs: Sequence[Planes]) -> list[Planes]:
        self.given = inputs
        image = inputs[0]
        enlarged = np.repeat(np.repeat(image, 2, 2), 2, 3)
        return [enlarged, *(image[..., ::4, ::4] + layer for layer in range(self.num_statistics))]


def test_layers_without_statistics_are_asked_for_their_own():
    network = Doubling(Path("a"), channels=[4, 6])
    image = np.zeros((1, 3, 16, 24), np.float32)
    known = (np.ones((1, 4, 1, 1), np.float32), np.ones((1, 4, 1, 1), np.float32))
    assert network.num_statistics == 2
    features = network.features_to_normalise(image, [known])
    assert [each.shape for each in network.given[1:]] == [(1, 4, 1, 1)] * 2 + [(1, 6, 1, 1)] * 2
    assert network.given[2].max() == 1
    assert (network.given[4] == UNKNOWN_VARIANCE).all()
    assert (features == 1).all()
    assert network.fold == 4


def test_scale_and_sizes_are_the_network_s_own():
    network = Doubling(Path("a"))
    assert (network.scale, network.fit_size(3, 11), network.fold) == (2, (8, 11), 1)
    assert Doubling(Path("a"), input_size_px=(16, 8)).fit_size(100, 5) == (16, 8)
    assert network.metadata == {}
