from __future__ import annotations

from pathlib import Path

import pytest

from lienet.errors import DataError
from lienet.params import Params
from lienet.tracking.facts import ModelFacts, Point, flatten_params, list_row_points, read_facts
from lienet.workspace import Workspace
from tests.tracking.written import (
    HEADLINE,
    ITEM,
    RUN_KEY,
    TEST_SHA256,
    WEIGHTS,
    rows,
    write_all,
    write_evaluation,
    write_export,
    write_training,
)


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    return Workspace(tmp_path)


def read(params: Params, workspace: Workspace) -> ModelFacts:
    facts = read_facts(params, workspace, ITEM)
    assert facts is not None
    return facts


def list_stages(facts: ModelFacts) -> list[str]:
    return [each.stage for each in facts.stages]


def test_a_model_that_was_not_trained_has_no_facts(params: Params, workspace: Workspace):
    write_evaluation(workspace)
    assert read_facts(params, workspace, ITEM) is None


def test_training_gives_params_curves_and_inputs(params: Params, workspace: Workspace):
    write_training(workspace)
    facts = read(params, workspace)
    assert (facts.name, facts.run_key, facts.weights_sha256) == ("lienet", RUN_KEY, WEIGHTS)
    (train,) = facts.stages
    assert train.params == {
        "seed": "5",
        "model.architecture": "lienet",
        "model.channels": "4",
        "train.learning_rate": "0.001",
        "objective.pixel": "mse",
    }
    assert train.curves == [
        *(Point("loss", 10 * n, 1 / (3 * n)) for n in (1, 2, 3)),
        Point("valid_psnr_db", 30, 25.5),
    ]
    assert [(each.name, each.digest) for each in train.inputs] == [
        ("sr-train", "1" * 36),
        ("sr-valid", "2" * 36),
    ]


def test_rows_logged_live_are_the_points_of_the_history(params: Params, workspace: Workspace):
    write_training(workspace)
    live = [point for row in rows(3) for point in list_row_points(row)]
    (train,) = read(params, workspace).stages
    assert train.curves == live


def test_scores_are_given_by_set_and_as_means_over_the_headline_protocol(
    params: Params, workspace: Workspace
):
    write_all(workspace)
    facts = read(params, workspace)
    assert list_stages(facts) == ["train", "export", "evaluate", "time"]
    evaluated, timed = facts.stages[-2:]
    assert timed.figures == {"latency_ms": 4.5}
    of_psnr = {name: each for name, each in evaluated.scores.items() if "ssim" not in name}
    assert of_psnr == {
        f"{HEADLINE}/near/psnr_db": 26.0,
        f"{HEADLINE}/near/psnr_gain_db": 1.0,
        f"{HEADLINE}/far/psnr_db": 28.0,
        f"{HEADLINE}/far/psnr_gain_db": 3.0,
        "x4_q20_rgb/near/psnr_db": 25.0,
        "x4_q20_rgb/near/psnr_gain_db": 0.0,
        "psnr_db": 26.5,
        "psnr_gain_db": 1.5,
    }
    assert evaluated.figures == {"num_params": 100.0, "num_macs": 7000.0}
    assert evaluated.tags["lienet.protocol"] == HEADLINE
    assert evaluated.test_shards is not None
    assert evaluated.test_shards.sha256 == TEST_SHA256
    names = [path.name for path, _ in evaluated.files]
    assert names == ["lienet.json", "per_image.csv", "images"]


def test_reports_of_other_weights_are_left_out(params: Params, workspace: Workspace):
    write_all(workspace)
    write_training(workspace, weights="cafe" * 16)
    assert list_stages(read(params, workspace)) == ["train"]


def test_an_onnx_file_that_is_not_its_reports_is_left_out(params: Params, workspace: Workspace):
    write_training(workspace)
    write_export(workspace)
    (workspace.model_dir("sr", "lienet") / "model.onnx").write_bytes(WEIGHTS.encode())
    assert list_stages(read(params, workspace)) == ["train"]


def test_the_digest_of_a_stage_changes_with_its_files(params: Params, workspace: Workspace):
    write_all(workspace)
    before = {each.stage: each.digest for each in read(params, workspace).stages}
    write_evaluation(workspace, 26.1)
    after = {each.stage: each.digest for each in read(params, workspace).stages}
    changed = [stage for stage in before if before[stage] != after[stage]]
    assert changed == ["evaluate"]


def test_a_method_without_weights_is_known_by_its_params_and_the_test_shards(
    params: Params, workspace: Workspace
):
    item = "face-unsharp"
    spec = params.evaluate.methods[item]
    assert read_facts(params, workspace, item) is None
    keys = []
    for sha256 in ("1" * 64, "1" * 64, "2" * 64):
        write_evaluation(workspace, task="face", model=spec.name, weights="", test_sha256=sha256)
        written = workspace.evaluation_path("sr", spec.name)
        written.rename(_made(workspace.evaluation_path("face", spec.name)))
        facts = read_facts(params, workspace, item)
        assert facts is not None
        assert list_stages(facts) == ["evaluate"]
        keys.append(facts.run_key)
    assert keys[0] == keys[1] != keys[2]


def _made(path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    return path


def test_a_file_cut_short_is_named(params: Params, workspace: Workspace):
    write_training(workspace)
    (workspace.model_dir("sr", "lienet") / "model.json").write_text("{")
    with pytest.raises(DataError, match=r"model.json cannot be read: .*; run its stage again"):
        read_facts(params, workspace, ITEM)


def test_nested_params_are_joined_by_dots():
    nested = {"train": {"objective": {"pixel": "mse"}, "sizes": (1, 2)}, "seed": None}
    assert dict(flatten_params(nested)) == {
        "train.objective.pixel": "mse",
        "train.sizes": "[1, 2]",
        "seed": "None",
    }
