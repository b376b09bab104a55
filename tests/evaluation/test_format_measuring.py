from __future__ import annotations

from pathlib import Path

import pytest

from lienet.deployment.converted import Converted, write_list
from lienet.errors import DataError
from lienet.evaluation.format_costs import read_format_costs
from lienet.evaluation.scores import read_scores
from lienet.params import Params
from lienet.stages import evaluate
from lienet.workspace import Workspace
from tests.deployment.repeating import write_repeating
from tests.stages.evaluate_inputs import make_quick, make_samples, write_model, write_shards

KEY = "sr-lienet"


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory, repository: Path) -> tuple[Params, Workspace]:
    """An untrained network, evaluated, with a format that works and two that do not."""
    params, place = make_quick(tmp_path_factory.mktemp("a clone"), repository)
    write_shards(place, "sr", "test", make_samples())
    write_model(params, place, KEY)
    folder = place.formats_dir("sr", "lienet")
    folder.mkdir()
    write_repeating(folder / "good.onnx", 4)
    write_repeating(folder / "wrong.onnx", 2)
    write_list(
        folder,
        [
            Converted(format="good", tool="t 1", file="good.onnx", size_bytes=9),
            Converted(format="wrong", tool="t 1", file="wrong.onnx", size_bytes=9),
            Converted(format="none", tool="t 1", reason="no operator"),
        ],
    )
    with pytest.raises(DataError, match="run `lienet evaluate sr-lienet`"):
        evaluate.run(params, place, f"{KEY}-formats")
    evaluate.run(params, place, KEY)
    evaluate.run(params, place, f"{KEY}-formats")
    return params, place


def test_every_format_has_a_row_float32_first(place: tuple[Params, Workspace]):
    costs = read_format_costs(place[1].format_costs_path("sr", "lienet"), remedy="")
    assert [each.format for each in costs.formats] == ["onnx", "good", "wrong", "none"]
    float32, good, wrong, none = costs.formats
    psnr = float32.results["x4_q20_luma"]["near"].metrics["psnr_db"]
    assert (psnr.difference, psnr.difference_low, psnr.difference_high) == (0, 0, 0)
    assert good.results["x4_q20_luma"]["near"].metrics["psnr_db"].difference != 0
    assert "vmaf" in good.results["x4_q20_rgb"]["far"].metrics
    assert "scale 4 must give" in (wrong.reason or "")
    assert none.reason == "no operator"
    for each in (wrong, none):
        assert each.results == {}


def test_scores_of_single_images_are_kept_by_format(place: tuple[Params, Workspace]):
    folder = place[1].format_costs_dir("sr", "lienet")
    assert [path.name for path in folder.iterdir()] == ["good.csv"]
    scores = read_scores(folder / "good.csv", remedy="")
    assert {score.key for score in scores} == {"near__a", "near__b", "far__c"}


def test_a_network_without_formats_has_an_empty_list(place: tuple[Params, Workspace]):
    params, workspace = place
    write_model(params, workspace, "sr-srgan")
    workspace.formats_dir("sr", "srgan").mkdir()
    write_list(workspace.formats_dir("sr", "srgan"), [])
    evaluate.run(params, workspace, "sr-srgan-formats")
    found = read_format_costs(workspace.format_costs_path("sr", "srgan"), remedy="")
    assert found.formats == []
