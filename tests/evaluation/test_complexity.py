from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import pytest
import torch
from onnx import TensorProto, helper, numpy_helper
from torch import nn

from lienet.errors import InputError, ModelError
from lienet.evaluation.complexity import count_macs, measure_latency
from lienet.networks.global_skip import BicubicUpsampling
from lienet.networks.registry import count_parameters


@pytest.fixture
def network() -> nn.Module:
    return nn.Sequential(nn.Conv2d(3, 12, 3, padding=1), nn.ReLU(), nn.PixelShuffle(2))


def test_parameters_and_multiply_adds_of_one_convolution(network: nn.Module):
    assert count_parameters(network) == 3 * 12 * 9 + 12
    macs = count_macs(network, scale=2, output_height_px=720, output_width_px=1280)
    assert macs == 3 * 12 * 9 * 360 * 640


def test_grouped_fixed_filters_count_by_their_groups():
    # 48 outputs per input pixel and position, 25 taps each, of one channel.
    macs = count_macs(BicubicUpsampling(4), scale=4, output_height_px=8, output_width_px=12)
    assert macs == 48 * 25 * 2 * 3
    assert count_parameters(BicubicUpsampling(4)) == 0


def test_counting_leaves_the_network_as_it_is(network: nn.Module):
    network.train()
    before = {name: value.clone() for name, value in network.state_dict().items()}
    count_macs(network, scale=2, output_height_px=16, output_width_px=16)
    assert network.training
    for name, value in network.state_dict().items():
        assert value.device.type == "cpu"
        assert torch.equal(value, before[name])


def test_an_output_that_is_no_multiple_of_the_scale_is_refused(network: nn.Module):
    with pytest.raises(InputError, match="multiple of 2, got 721 x 1280 px"):
        count_macs(network, scale=2, output_height_px=721, output_width_px=1280)


def write_convolutions(path: Path, channels: int) -> None:
    """Write a network of two convolutions, by way of ``channels``."""
    weights = {
        "w": np.zeros((channels, 3, 3, 3), np.float32),
        "v": np.zeros((3, channels, 3, 3), np.float32),
    }
    nodes = [
        helper.make_node("Conv", ["degraded", "w"], ["between"], pads=[1, 1, 1, 1]),
        helper.make_node("Conv", ["between", "v"], ["enhanced"], pads=[1, 1, 1, 1]),
    ]
    ends = [
        helper.make_tensor_value_info(name, TensorProto.FLOAT, [None, 3, None, None])
        for name in ("degraded", "enhanced")
    ]
    constants = [numpy_helper.from_array(values, name) for name, values in weights.items()]
    graph = helper.make_graph(nodes, "g", ends[:1], ends[1:], constants)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=9)
    onnx.save(model, path)


def test_latency_is_the_median_of_single_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    write_convolutions(tmp_path / "small.onnx", 1)
    clock = iter([0.0, 0.005, 1.0, 1.001, 2.0, 2.100])  # 5 ms, 1 ms, 100 ms
    monkeypatch.setattr("lienet.evaluation.timing.time.perf_counter", lambda: next(clock))
    latency = measure_latency(tmp_path / "small.onnx", height_px=8, width_px=8, num_runs=3)
    assert latency.median_ms == pytest.approx(5.0)


def test_more_work_takes_longer(tmp_path: Path):
    write_convolutions(tmp_path / "small.onnx", 1)
    write_convolutions(tmp_path / "large.onnx", 64)
    small_ms, large_ms = (
        measure_latency(tmp_path / name, height_px=96, width_px=96, num_runs=5).median_ms
        for name in ("small.onnx", "large.onnx")
    )
    assert 0 < small_ms < large_ms


def test_a_missing_file_is_one_clear_error(tmp_path: Path):
    with pytest.raises(ModelError, match="no such ONNX file"):
        measure_latency(tmp_path / "none.onnx", height_px=8, width_px=8, num_runs=1)
