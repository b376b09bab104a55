from __future__ import annotations

from pathlib import Path

import pytest

from lienet.deployment.formats.base import Source
from lienet.deployment.formats.ncnn import Ncnn
from lienet.deployment.runtimes import open_network
from tests.deployment.formats.phone_tools import measure_strays, needs

pytestmark = [pytest.mark.xdist_group("onnx"), pytest.mark.slow, needs("ncnn", "pnnx")]


def test_float16_weights_give_what_torch_gives_at_any_size(source: Source, tmp_path: Path):
    Ncnn().convert(source, tmp_path / "a.param")
    assert measure_strays(tmp_path / "a.param", source.model, sizes_px=[(16, 24), (40, 9)]) < 5e-3


def test_a_network_of_statistics_takes_the_image_alone(spade_network, tmp_path: Path):
    Ncnn().convert(Source(spade_network, b"", [], 18, {}), tmp_path / "a.param")
    assert open_network(tmp_path / "a.param").num_statistics == 0
    strays = measure_strays(tmp_path / "a.param", spade_network, sizes_px=[(16, 24), (40, 9)])
    assert strays < 2e-2
