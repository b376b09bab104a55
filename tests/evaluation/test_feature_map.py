from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from lienet.errors import DataError
from lienet.evaluation.feature_map import FeatureMap


def make_map() -> FeatureMap:
    channels = np.arange(24, dtype=np.uint8).reshape(2, 3, 4)
    degraded = np.full((3, 4, 3), 7, np.uint8)
    low, high = np.float32([-1.0, 0.0]), np.float32([1.0, 2.5])
    return FeatureMap("set", "a", degraded, channels, low, high)


def test_a_map_is_read_as_written_and_its_file_is_the_same_again(tmp_path: Path):
    path = tmp_path / "features.npz"
    path.write_bytes(make_map().to_bytes())
    found = FeatureMap.read(path, remedy="do so")
    assert (found.test_set, found.key) == ("set", "a")
    assert np.array_equal(found.channels, make_map().channels)
    assert np.array_equal(found.high, make_map().high)
    assert found.to_bytes() == make_map().to_bytes()


def test_a_broken_file_is_named(tmp_path: Path):
    (tmp_path / "features.npz").write_bytes(b"broken")
    with pytest.raises(DataError, match=r"features\.npz is no feature map.*; do so"):
        FeatureMap.read(tmp_path / "features.npz", remedy="do so")
