from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from lienet.deployment.enhancer import Enhancer
from lienet.deployment.formats.base import Source
from lienet.deployment.formats.executorch import ExecutorchFloat32, ExecutorchInt8
from tests.deployment.formats.phone_tools import measure_strays, needs

pytestmark = [pytest.mark.xdist_group("onnx"), pytest.mark.slow, needs("executorch")]
SIZES_PX = [(16, 24), (40, 9)]


def test_float32_gives_what_torch_gives_at_any_size(source: Source, tmp_path: Path):
    path = tmp_path / "a.pte"
    ExecutorchFloat32().convert(source, path)
    assert measure_strays(path, source.model, sizes_px=SIZES_PX) < 1e-5


def test_tiles_are_normalised_by_the_whole_image(spade_network, tmp_path: Path):
    path = tmp_path / "a.pte"
    ExecutorchFloat32().convert(Source(spade_network, b"", [], 18, {}), path)
    assert measure_strays(path, spade_network, sizes_px=SIZES_PX) < 1e-5
    pixels = np.random.default_rng(4).integers(0, 256, (96, 120, 3), np.uint8)
    pixels[:48] //= 3
    tiled, expected = (
        Enhancer(each, scale=1, tile_px=64, overlap_px=16).enhance(pixels)
        for each in (path, spade_network)
    )
    assert np.abs(tiled.astype(int) - expected.astype(int)).max() <= 1


def test_eight_bits_stay_near_float32_in_a_smaller_file(source: Source, tmp_path: Path):
    whole, eight = tmp_path / "a.pte", tmp_path / "b.pte"
    ExecutorchFloat32().convert(source, whole)
    ExecutorchInt8().convert(source, eight)
    assert 1e-5 < measure_strays(eight, source.model, sizes_px=SIZES_PX) < 0.1
    weights = [each for each in source.model.state_dict().values() if each.ndim == 4]
    assert len(weights) > 5
