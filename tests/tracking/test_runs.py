from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from lienet.tracking.runs import (
    PARENT_TAG,
    PIPELINE_TAG,
    find_experiment,
    find_logged_model,
    find_run,
    nest_run,
)
from lienet.tracking.table_columns import VIEW_TAG, describe_view
from lienet.workspace import Workspace
from tests.tracking.stores import make_workspace, open_store

if TYPE_CHECKING:
    from mlflow import MlflowClient

KEY = "ab" * 32


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory, empty_store: Path) -> Workspace:
    return make_workspace(tmp_path_factory.mktemp("runs"), empty_store)


@pytest.fixture(scope="module")
def client(workspace: Workspace) -> MlflowClient:
    return open_store(workspace)


def test_an_experiment_is_found_again_with_its_view(client: MlflowClient, workspace: Workspace):
    made = find_experiment(client, workspace, "lienet-view")
    client.set_experiment_tag(made, VIEW_TAG, "{}")
    client.set_experiment_tag(made, "mlflow.note.content", "my own note")
    client.delete_experiment(made)
    assert find_experiment(client, workspace, "lienet-view") == made
    found = client.get_experiment(made)
    assert found.lifecycle_stage == "active"
    assert found.tags[VIEW_TAG] == describe_view()
    assert found.tags["mlflow.experimentKind"] == "custom_model_development"
    assert found.tags["mlflow.note.content"] == "my own note"
    assert found.artifact_location.startswith((workspace.state_dir / "mlartifacts").as_uri())


def test_a_run_is_found_by_name_and_key(client: MlflowClient, workspace: Workspace):
    experiment = find_experiment(client, workspace, "lienet-runs")
    made = find_run(client, experiment, "small", KEY)
    assert made.info.run_name == "small"
    assert find_run(client, experiment, "small", KEY).info.run_id == made.info.run_id
    others = [("large", KEY), ("small", "cd" * 32)]
    ids = {find_run(client, experiment, *each).info.run_id for each in others}
    assert len(ids | {made.info.run_id}) == 3


def test_a_run_has_one_logged_model_for_each_set_of_weights(
    client: MlflowClient, workspace: Workspace
):
    experiment = find_experiment(client, workspace, "lienet-models")
    run = find_run(client, experiment, "small", KEY)
    state_dir = workspace.state_dir
    first, again, other, without = (
        find_logged_model(client, state_dir, run, weights).model_id
        for weights in ("1" * 64, "1" * 64, "2" * 64, "")
    )
    assert first == again
    assert len({first, other, without}) == 3
    assert find_logged_model(client, state_dir, run, "").model_id == without
    outputs = client.get_run(run.info.run_id).outputs.model_outputs
    assert {each.model_id for each in outputs} == {first, other, without}


def test_a_logged_model_that_was_left_half_made_is_taken_up(
    client: MlflowClient, workspace: Workspace, monkeypatch: pytest.MonkeyPatch
):
    run = find_run(client, find_experiment(client, workspace, "lienet-half"), "small", KEY)
    with monkeypatch.context() as patch:
        patch.setattr(type(client), "finalize_logged_model", lambda *given: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            find_logged_model(client, workspace.state_dir, run, "1" * 64)
    found = find_logged_model(client, workspace.state_dir, run, "1" * 64)
    assert str(found.status) == "READY"
    outputs = client.get_run(run.info.run_id).outputs.model_outputs
    assert [each.model_id for each in outputs] == [found.model_id]


def test_runs_of_a_pipeline_have_one_parent_in_each_experiment(
    client: MlflowClient, workspace: Workspace
):
    parents = {}
    for task in ("sr", "face"):
        experiment = find_experiment(client, workspace, f"lienet-nest-{task}")
        for pipeline in ("night-5", "night-6"):
            for name in ("a", "b"):
                run = find_run(client, experiment, name, KEY)
                nest_run(client, workspace.state_dir, run, pipeline)
        runs = [find_run(client, experiment, name, KEY) for name in ("a", "b")]
        first, second = (run.data.tags[PARENT_TAG] for run in runs)
        assert first == second
        parents[task] = client.get_run(first)
        assert parents[task].info.experiment_id == experiment
    assert parents["sr"].info.run_id != parents["face"].info.run_id
    assert parents["sr"].data.tags[PIPELINE_TAG] == "night-5"
    assert parents["sr"].info.run_name == "pipeline night-5"


def test_a_parent_that_is_a_run_of_mlflow_is_taken_as_it_is(
    client: MlflowClient, workspace: Workspace
):
    experiment = find_experiment(client, workspace, "lienet-given")
    given = find_run(client, experiment, "flow", KEY).info.run_id
    run = find_run(client, experiment, "a", KEY)
    nest_run(client, workspace.state_dir, run, given)
    assert client.get_run(run.info.run_id).data.tags[PARENT_TAG] == given
    other = find_run(client, experiment, "b", KEY)
    nest_run(client, workspace.state_dir, other, "f" * 32)
    parent = client.get_run(client.get_run(other.info.run_id).data.tags[PARENT_TAG])
    assert parent.data.tags[PIPELINE_TAG] == "f" * 32
