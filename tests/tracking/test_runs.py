from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from lienet.tracking.runs import (
    FLOW_TAG,
    PARENT_TAG,
    find_experiment,
    find_logged_model,
    find_run,
    join_pipeline,
    title_run,
)
from lienet.tracking.table_columns import NOTE, NOTE_STARTS, VIEW_TAG, describe_view
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


def test_the_note_is_made_new_where_it_is_not_a_person_s_own(
    client: MlflowClient, workspace: Workspace
):
    made = find_experiment(client, workspace, "lienet-note")
    assert client.get_experiment(made).tags["mlflow.note.content"] == NOTE.format(id=made)
    client.set_experiment_tag(made, "mlflow.note.content", f"{NOTE_STARTS[-1]} as of old")
    find_experiment(client, workspace, "lienet-note")
    assert client.get_experiment(made).tags["mlflow.note.content"] == NOTE.format(id=made)


def test_a_run_is_found_by_model_and_key_and_says_who_made_it(
    client: MlflowClient, workspace: Workspace, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("getpass.getuser", lambda: "ann")
    experiment = find_experiment(client, workspace, "lienet-runs")
    made = find_run(client, experiment, "small", KEY, "small 5 steps")
    assert (made.info.run_name, made.data.tags["mlflow.user"]) == ("small 5 steps", "ann")
    assert find_run(client, experiment, "small", KEY).info.run_id == made.info.run_id
    others = [("large", KEY), ("small", "cd" * 32)]
    ids = {find_run(client, experiment, *each).info.run_id for each in others}
    assert len(ids | {made.info.run_id}) == 3


def test_runs_have_names_of_their_own(client: MlflowClient, workspace: Workspace):
    experiment = find_experiment(client, workspace, "lienet-names")
    title = title_run("small", 400, "4103b35f00d")
    assert title == "small 400 steps 4103b35"
    names = [
        find_run(client, experiment, "small", key * 32, title).info.run_name for key in ("ab", "cd")
    ]
    assert names == [title, f"{title} cdcd"]
    assert title_run("bicubic", 0, "") == "bicubic"


def test_a_run_with_its_model_s_name_alone_gets_a_full_one(
    client: MlflowClient, workspace: Workspace
):
    experiment = find_experiment(client, workspace, "lienet-former")
    former = find_run(client, experiment, "small", KEY)
    assert former.info.run_name == "small"
    again = find_run(client, experiment, "small", KEY, "small 5 steps")
    assert (again.info.run_id, again.info.run_name) == (former.info.run_id, "small 5 steps")
    client.update_run(former.info.run_id, name="my best")
    assert find_run(client, experiment, "small", KEY, "small 5 steps").info.run_name == "my best"


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


def test_the_pipeline_run_that_a_run_was_made_in_is_a_tag_and_no_row(
    client: MlflowClient, workspace: Workspace
):
    experiment = find_experiment(client, workspace, "lienet-joined")
    for pipeline in ("night-5", "night-6"):
        join_pipeline(client, find_run(client, experiment, "a", KEY), pipeline)
    (run,) = client.search_runs([experiment])
    assert run.data.tags[FLOW_TAG] == "night-5"
    assert PARENT_TAG not in run.data.tags


def test_a_parent_that_is_a_run_of_mlflow_is_taken_as_it_is(
    client: MlflowClient, workspace: Workspace
):
    experiment = find_experiment(client, workspace, "lienet-given")
    given = find_run(client, experiment, "flow", KEY).info.run_id
    run = find_run(client, experiment, "a", KEY)
    join_pipeline(client, run, given)
    assert client.get_run(run.info.run_id).data.tags[PARENT_TAG] == given
    other = find_run(client, experiment, "b", KEY)
    join_pipeline(client, other, "f" * 32)
    assert client.get_run(other.info.run_id).data.tags[FLOW_TAG] == "f" * 32
