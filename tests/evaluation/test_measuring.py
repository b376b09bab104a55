from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import yaml

from lienet.errors import DataError, ToolError
from lienet.evaluation.measuring import (
    require_tools,
    score_onnx,
    score_test_images,
)
from lienet.evaluation.methods import Unchanged
from lienet.evaluation.own_networks import measure_onnx
from lienet.evaluation.scoring import Contender
from lienet.params import Params, metrics
from lienet.stages import evaluate
from lienet.workspace import Workspace
from tests.deployment.repeating import write_repeating
from tests.stages.evaluate_inputs import make_faded_samples, make_samples, write_shards


@pytest.fixture
def params(repository: Path) -> Params:
    """Without VMAF, so that it stays quick."""
    content = yaml.safe_load((repository / "params.yaml").read_text())
    del content["evaluate"]["metrics"]["vmaf"]
    return Params.model_validate(content)


def test_a_contender_is_scored_under_the_protocols_and_metrics_of_its_task(
    params: Params, tmp_path: Path
):
    place = Workspace(tmp_path)
    write_shards(place, "old_photo", "test", make_faded_samples())
    unchanged = Unchanged()
    contenders = {1: Contender(unchanged, unchanged)}
    scores = score_test_images(params, place, "old_photo", contenders, label="input")
    assert {score.protocol for score in scores} == {"old_photo_luma", "old_photo_rgb"}
    assert set(scores[0].values) == {"psnr_db", "ssim", "ciede2000", "sharpness"}
    assert len(scores) == 2 * 3


def test_an_onnx_file_is_scored_at_its_scale_alone(params: Params, tmp_path: Path):
    place = Workspace(tmp_path)
    write_shards(place, "sr", "test", make_samples())
    write_repeating(tmp_path / "mine.onnx", 4)
    scores = score_onnx(params, place, tmp_path / "mine.onnx", task="sr", scale=4)
    assert {score.protocol for score in scores} == {"x4_q20_luma", "x4_q20_rgb"}


def test_shards_that_hold_no_image_of_a_protocols_quality_are_refused(
    params: Params, tmp_path: Path
):
    place = Workspace(tmp_path)
    stated = [
        replace(each, info={**each.info, "jpeg_quality": quality})
        for each, quality in zip(make_samples(), (20, 20, 30), strict=True)
    ]
    write_shards(place, "sr", "test", stated)
    write_repeating(tmp_path / "mine.onnx", 4)
    scores = score_onnx(params, place, tmp_path / "mine.onnx", task="sr", scale=4)
    assert len(scores) == 2 * 2
    write_shards(place, "sr", "test", stated[2:])
    with pytest.raises(DataError, match=r"of sr hold no images for x4_q20_luma, x4_q20_rgb; run"):
        score_onnx(params, place, tmp_path / "mine.onnx", task="sr", scale=4)


def test_a_metric_that_cannot_be_measured_is_told_before_any_test_image_is_read(
    params: Params, tmp_path: Path
):
    write_repeating(tmp_path / "mine.onnx", 4)
    missing = metrics.get("niqe").model_validate({"model": "none.json", "tasks": ["sr"]})
    chosen = params.evaluate.model_copy(update={"metrics": {"niqe": missing}})
    changed, place = params.model_copy(update={"evaluate": chosen}), Workspace(tmp_path / "empty")
    require_tools(changed, "face")
    said = r"NIQE's model none\.json cannot be read"
    with pytest.raises(ToolError, match=said):
        measure_onnx(changed, place, tmp_path / "mine.onnx")
    for item in ("sr-bicubic", "sr-lienet", "sr-lienet-formats"):
        with pytest.raises(ToolError, match=said):
            evaluate.run(changed, place, item)
    assert not place.root.exists()
