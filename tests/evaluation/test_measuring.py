from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from lienet.errors import DataError
from lienet.evaluation.measuring import measure_onnx, score_onnx, score_test_images
from lienet.evaluation.methods import Unchanged
from lienet.evaluation.scoring import Contender
from lienet.params import Params
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
    metrics, results = measure_onnx(params, place, tmp_path / "mine.onnx", task="sr", scale=4)
    assert metrics["model"] == "mine.onnx"
    assert results["x4_q20_rgb"]["near"].num_images == 2


def test_without_test_images_nothing_is_measured(params: Params, tmp_path: Path):
    place = Workspace(tmp_path)
    write_shards(place, "sr", "test", [])
    with pytest.raises(DataError, match="no test images; give a source the split test"):
        measure_onnx(params, place, tmp_path / "mine.onnx", task="sr", scale=4)
