"""Timings stand beside what evaluate measured of the same weights, and of no others."""

from __future__ import annotations

from pathlib import Path

import pytest

from lienet.errors import DataError
from lienet.evaluation.format_costs import FormatCost, FormatCosts
from lienet.evaluation.scores import Evaluation
from lienet.evaluation.timings import (
    METHOD,
    ModelTimings,
    Timing,
    Timings,
    read_timed_costs,
    read_timed_evaluation,
    read_timings,
)
from lienet.files import write_json
from lienet.workspace import Workspace


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    return Workspace(tmp_path)


def write_times(workspace: Workspace, weights: str = "ab") -> None:
    own = Timing(latency_ms={1: 20.0, 2: 11.0}, peak_memory_mb=30.0)
    int8 = Timing(latency_ms={1: 10.0, 2: 6.0}, peak_memory_mb=None)
    timings = Timings(
        task="sr",
        digest="d",
        machine="m",
        busy_processors=None,
        input_px=(18, 32),
        models={
            "net": ModelTimings(weights_sha256=weights, files={"onnx": own, "onnx_int8": int8}),
            "bicubic": ModelTimings(weights_sha256="", files={METHOD: own}),
        },
    )
    write_json(workspace.timings_path("sr"), timings.model_dump(mode="json"))


def write_evaluation(workspace: Workspace, name: str, weights: str) -> None:
    evaluation = Evaluation(
        task="sr",
        model=name,
        architecture="plain",
        scale=4,
        num_params=1,
        num_macs=1,
        macs_output_px=(720, 1280),
        steps=1,
        weights_sha256=weights,
        results={},
    )
    write_json(workspace.evaluation_path("sr", name), evaluation.as_json())


def test_an_evaluation_has_the_latency_of_its_weights(workspace: Workspace):
    write_evaluation(workspace, "net", "ab")
    write_evaluation(workspace, "bicubic", "")
    before = read_timed_evaluation(workspace, "sr", "net", remedy="")
    assert (before.latency_ms, before.latency_input_px) == (None, None)
    write_times(workspace)
    for name in ("net", "bicubic"):
        found = read_timed_evaluation(workspace, "sr", name, remedy="")
        assert (found.latency_ms, found.latency_input_px) == (20.0, (18, 32))
    write_times(workspace, weights="cd")
    assert read_timed_evaluation(workspace, "sr", "net", remedy="").latency_ms is None


def test_each_format_has_its_own_time_and_memory(workspace: Workspace):
    formats = [
        FormatCost(format=name, tool="t", reason=None, size_bytes=1, results={})
        for name in ("onnx", "onnx_int8", "ncnn")
    ]
    costs = FormatCosts(task="sr", model="net", weights_sha256="ab", formats=formats)
    write_json(workspace.format_costs_path("sr", "net"), costs.model_dump(mode="json"))
    write_times(workspace)
    found = read_timed_costs(workspace, "sr", "net", remedy="")
    assert found.latency_input_px == (18, 32)
    assert [each.latency_ms for each in found.formats] == [
        {1: 20.0, 2: 11.0},
        {1: 10.0, 2: 6.0},
        {},
    ]
    assert [each.peak_memory_mb for each in found.formats] == [30.0, None, None]


def test_before_the_stage_there_are_none_and_a_broken_file_is_one_line(workspace: Workspace):
    assert read_timings(workspace, "sr") is None
    write_json(workspace.timings_path("sr"), {"task": "sr"})
    with pytest.raises(DataError, match=r"time/sr.json is broken at digest: .*run `lienet time`"):
        read_timings(workspace, "sr")
