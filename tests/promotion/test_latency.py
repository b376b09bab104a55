"""A challenger's latency is compared with the reference's only where both belong together."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from lienet.errors import DataError, ModelError
from lienet.params import Params, load_params
from lienet.promotion.latency import LatencyComparison, compare_latency
from lienet.workspace import Workspace
from tests.fresh_workspace import make_workspace
from tests.promotion.latency_budget import with_latency_budget
from tests.promotion.measured import TEST_SHA256, make_scores, write_measured

REFERENCE = "sr-srgan"
WHO = "sr-srgan, the reference of promote.tasks.sr.max_latency, "


@pytest.fixture
def workspace(repository: Path, tmp_path: Path) -> Workspace:
    return make_workspace(repository, tmp_path / "a clone")


@pytest.fixture
def params(workspace: Workspace) -> Params:
    return with_latency_budget(load_params(workspace.params_path), REFERENCE, 1.2)


def compare(params: Params, workspace: Workspace) -> LatencyComparison | None:
    return compare_latency(params, workspace, params.models["sr-lienet"])


def write_both(params: Params, workspace: Workspace, **of_reference: Any) -> None:
    scores = make_scores(0.5)
    write_measured(params, workspace, "sr-lienet", scores, latency_ms=242.0)
    write_measured(params, workspace, REFERENCE, scores, **of_reference)


def test_both_latencies_and_their_ratio_are_said(params: Params, workspace: Workspace):
    write_both(params, workspace, latency_ms=100.0)
    expected = LatencyComparison(242.0, REFERENCE, 100.0, 2.42, 1.2, (180, 320))
    assert compare(params, workspace) == expected


def test_without_a_budget_no_evaluation_is_needed(params: Params, workspace: Workspace):
    unbudgeted = load_params(workspace.params_path)
    assert compare(unbudgeted, workspace) is None


def test_a_network_may_be_its_own_reference(params: Params, workspace: Workspace):
    write_both(params, workspace, latency_ms=107.0)
    found = compare_latency(params, workspace, params.models[REFERENCE])
    assert found is not None
    assert found.ratio == 1.0


def test_a_reference_that_is_not_evaluated_is_named_with_the_remedy(
    params: Params, workspace: Workspace
):
    write_both(params, workspace)
    workspace.evaluation_path("sr", "srgan").unlink()
    expected = (
        r"no evaluation at .*reports/evaluate/sr/srgan\.json; promote\.tasks\.sr\.max_latency "
        "needs it: run lienet evaluate sr-srgan"
    )
    with pytest.raises(DataError, match=expected):
        compare(params, workspace)


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        (
            {"data_sha256": {"test": "0" * 64}},
            f"{WHO}must be of the test shards {TEST_SHA256[:12]} as sr-lienet was, "
            "got 000000000000; run dvc repro",
        ),
        (
            {"data_sha256": {"test": TEST_SHA256, "train": "ab" * 32}},
            f"{WHO}must be of the train shards none as sr-lienet was, "
            "got abababababab; run dvc repro",
        ),
        (
            {"latency_ms": None},
            "sr-srgan was not timed with its present weights; run `lienet time sr`",
        ),
        (
            {"latency_ms": 0.0},
            "sr-srgan was not timed with its present weights; run `lienet time sr`",
        ),
    ],
)
def test_a_reference_measured_otherwise_is_refused_in_one_line(
    params: Params, workspace: Workspace, facts: dict[str, Any], expected: str
):
    write_both(params, workspace, **facts)
    with pytest.raises(DataError) as raised:
        compare(params, workspace)
    assert str(raised.value) == expected


def test_an_evaluation_of_older_weights_is_refused(params: Params, workspace: Workspace):
    write_both(params, workspace, weights_sha256="0" * 64)
    with pytest.raises(DataError, match=r"its present weights \w{12}, got 000000000000; run dvc"):
        compare(params, workspace)


def test_a_reference_trained_by_other_params_is_refused(params: Params, workspace: Workspace):
    write_both(params, workspace)
    path = workspace.model_dir("sr", "srgan") / "model.json"
    card = json.loads(path.read_text())
    card["spec"]["channels"] = 8
    path.write_text(json.dumps(card))
    with pytest.raises(DataError, match="must be trained with channels 24 as in params, got 8;"):
        compare(params, workspace)


def test_a_reference_that_is_not_trained_is_named(params: Params, workspace: Workspace):
    write_both(params, workspace)
    (workspace.model_dir("sr", "srgan") / "model.json").unlink()
    with pytest.raises(ModelError, match=r"srgan/model\.json is not a readable .*train the model"):
        compare(params, workspace)
