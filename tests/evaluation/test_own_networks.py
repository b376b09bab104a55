from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from onnx import TensorProto

from lienet.errors import DataError, InputError, ModelError
from lienet.evaluation.complexity import Latency
from lienet.evaluation.own_networks import measure_onnx
from lienet.params import Params
from lienet.workspace import Workspace
from tests.deployment.repeating import write_repeating
from tests.stages.evaluate_inputs import make_samples, write_shards


@pytest.fixture
def params(repository: Path) -> Params:
    """Without VMAF, so that it stays quick."""
    content = yaml.safe_load((repository / "params.yaml").read_text())
    del content["evaluate"]["metrics"]["vmaf"]
    return Params.model_validate(content)


@pytest.mark.parametrize(
    ("made", "latency_px"),
    [
        ({"kind": TensorProto.FLOAT16}, [180, 320]),
        ({"shape": (1, 3, 16, 24)}, [16, 24]),
        ({"multiple": 16}, [192, 320]),
    ],
)
def test_half_precision_one_size_and_windows_are_measured_like_any_other(
    params: Params, tmp_path: Path, made: dict[str, Any], latency_px: list[int]
):
    place = Workspace(tmp_path)
    write_shards(place, "sr", "test", make_samples())
    write_repeating(tmp_path / "plain.onnx", 4)
    write_repeating(tmp_path / "theirs.onnx", 4, **made)
    _, expected = measure_onnx(params, place, tmp_path / "plain.onnx")
    metrics, results = measure_onnx(params, place, tmp_path / "theirs.onnx")
    assert metrics["latency_input_px"] == latency_px
    assert (metrics["task"], metrics["scale"]) == ("sr", 4)
    found, plain = (each["x4_q20_rgb"]["near"].means["psnr_db"] for each in (results, expected))
    assert found == pytest.approx(plain, abs=0.02)


def test_scores_are_kept_where_the_latency_cannot_be_measured(
    params: Params,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
):
    def fail(*_: object, **sizes: int) -> Latency:
        raise ModelError("too large for this machine")

    place = Workspace(tmp_path)
    write_shards(place, "sr", "test", make_samples())
    write_repeating(tmp_path / "mine.onnx", 4)
    monkeypatch.setattr("lienet.evaluation.own_networks.measure_latency", fail)
    metrics, results = measure_onnx(params, place, tmp_path / "mine.onnx")
    assert metrics["latency_ms"] is None
    assert metrics["model"] == "mine.onnx"
    assert results["x4_q20_rgb"]["near"].num_images == 2
    assert "the latency could not be measured: too large" in caplog.text


@pytest.mark.parametrize(
    ("own", "asked", "told"),
    [
        (4, {"scale": 2}, "enlarges by 4 per side, got --scale 2; leave it out"),
        (4, {"task": "face"}, "measure in sr, got the task face; give --task sr"),
        (4, {"task": "foo"}, "measure in sr, got the task foo; give --task sr"),
        (1, {}, "in face, old_photo, got no task; give --task face or --task old_photo"),
        (3, {}, "in no task, got the task sr; add a protocol to params.yaml"),
    ],
)
def test_a_task_or_scale_that_is_not_the_network_s_is_told_with_what_fits(
    params: Params, tmp_path: Path, own: int, asked: dict[str, Any], told: str
):
    write_repeating(tmp_path / "mine.onnx", own)
    with pytest.raises(InputError, match=re.escape(told)):
        measure_onnx(params, Workspace(tmp_path), tmp_path / "mine.onnx", **asked)


def test_without_test_images_nothing_is_measured(params: Params, tmp_path: Path):
    place = Workspace(tmp_path)
    write_shards(place, "sr", "test", [])
    write_repeating(tmp_path / "mine.onnx", 4)
    with pytest.raises(DataError, match="no test images; give a source the split test"):
        measure_onnx(params, place, tmp_path / "mine.onnx", task="sr", scale=4)
