from __future__ import annotations

import json
from pathlib import Path

import pytest

from lienet.errors import DataError, ModelError
from lienet.params import Params, load_params
from lienet.promotion.candidates import measure_again, read_challenger, unpack
from lienet.workspace import Workspace
from tests.fresh_workspace import make_workspace
from tests.promotion.latency_budget import with_latency_budget
from tests.promotion.measured import PROTOCOLS, TEST_SHA256, make_scores
from tests.promotion.measured import write_measured as write


@pytest.fixture
def workspace(repository: Path, tmp_path: Path) -> Workspace:
    return make_workspace(repository, tmp_path / "a clone")


@pytest.fixture
def params(workspace: Workspace) -> Params:
    return load_params(workspace.params_path)


def test_a_measured_model_is_read_and_packed(params: Params, workspace: Workspace):
    scores = make_scores(0.5)
    write(params, workspace, "sr-lienet", scores)
    candidate, package = read_challenger(params, workspace, params.models["sr-lienet"])
    assert candidate.scores == scores
    assert set(candidate.protocols) == set(PROTOCOLS)
    assert candidate.num_params == 123_648
    assert candidate.macs_output_px == (720, 1280)
    assert package.onnx == (workspace.model_dir("sr", "lienet") / "model.onnx").read_bytes()
    assert package.card.startswith("# lienet (sr)")
    assert package.tags["lienet.data.test"] == TEST_SHA256
    again = unpack(json.loads(json.dumps(package.candidate)), package.scores, label="v")
    assert again == candidate


def test_under_a_latency_budget_the_card_says_both_and_the_package_stays_without(
    params: Params, workspace: Workspace
):
    budgeted = with_latency_budget(params, "sr-srgan", 1.2)
    write(params, workspace, "sr-lienet", make_scores(0.5), latency_ms=120.0)
    write(params, workspace, "sr-srgan", make_scores(0.4), latency_ms=100.0)
    candidate, package = read_challenger(budgeted, workspace, params.models["sr-lienet"])
    assert candidate.latency is not None
    assert (candidate.latency.ratio, candidate.latency_refusal) == (1.2, None)
    assert "1.200 times the 100.0 ms of sr-srgan" in package.card
    assert not {name for name in package.candidate if "latency" in name}


def test_a_latency_that_cannot_be_compared_is_kept_for_the_gate_to_say(
    params: Params, workspace: Workspace
):
    budgeted = with_latency_budget(params, "sr-srgan", 1.2)
    write(params, workspace, "sr-lienet", make_scores(0.5))
    candidate, package = read_challenger(budgeted, workspace, params.models["sr-lienet"])
    assert candidate.latency is None
    assert "run lienet evaluate sr-srgan" in str(candidate.latency_refusal)
    assert " ms " not in package.card


def test_what_is_not_trained_or_not_measured_is_named(params: Params, workspace: Workspace):
    spec = params.models["sr-lienet"]
    with pytest.raises(ModelError, match="train the model first"):
        read_challenger(params, workspace, spec)
    write(params, workspace, "sr-lienet", make_scores(0.5))
    workspace.evaluation_path("sr", "lienet").unlink()
    with pytest.raises(DataError, match=r"sr-lienet is not measured: .*; run dvc repro, or lienet"):
        read_challenger(params, workspace, spec)


@pytest.mark.parametrize("what", ["the weights", "the ONNX file", "the protocols"])
def test_parts_that_do_not_belong_together_are_refused(
    params: Params, workspace: Workspace, what: str
):
    scores = make_scores(0.5)
    write(params, workspace, "sr-lienet", scores)
    if what == "the weights":
        path = workspace.evaluation_path("sr", "lienet")
        facts = json.loads(path.read_text()) | {"weights_sha256": "0" * 64}
        path.write_text(json.dumps(facts))
    elif what == "the ONNX file":
        with (workspace.model_dir("sr", "lienet") / "model.onnx").open("ab") as stream:
            stream.write(b"x")
    else:
        path = workspace.evaluation_dir("sr", "lienet") / "per_image.csv"
        path.write_text(path.read_text().replace("x4_q20_rgb", "gone"))
    expected = f"{what} of sr-lienet are not those of its reports; run dvc repro"
    with pytest.raises(DataError) as raised:
        read_challenger(params, workspace, params.models["sr-lienet"])
    assert str(raised.value).startswith(expected)


def test_a_candidate_measured_again_keeps_its_costs(params: Params, workspace: Workspace):
    write(params, workspace, "sr-lienet", make_scores(0.5))
    candidate, _ = read_challenger(params, workspace, params.models["sr-lienet"])
    again = measure_again(params, candidate, make_scores(0.1), "0" * 64)
    assert again.test_sha256 == "0" * 64
    assert again.scores == make_scores(0.1)
    assert again.num_params == candidate.num_params


def test_what_cannot_be_read_back_is_named():
    with pytest.raises(DataError, match="lienet-sr/4 cannot be read: "):
        unpack({}, "", label="lienet-sr/4")
