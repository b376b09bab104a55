from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from lienet.errors import ToolError
from lienet.tracking.columns import VIEW_TAG, describe_view
from lienet.tracking.store import (
    PARENT_TAG,
    PIPELINE_TAG,
    connect,
    explaining,
    find_experiment,
    find_run,
    in_short,
    nest_run,
    redact,
    seek_run,
    tracking_uri,
)
from lienet.workspace import Workspace

if TYPE_CHECKING:
    from mlflow import MlflowClient

KEY = "ab" * 32
SECRET_URI = "http://ann:pass@word@127.0.0.1:9/path"


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory, empty_store: Path) -> Workspace:
    made = Workspace(tmp_path_factory.mktemp("a clone"))
    made.state_dir.mkdir(parents=True)
    shutil.copy(empty_store, made.state_dir / "mlflow.db")
    return made


@pytest.fixture(scope="module")
def client(workspace: Workspace) -> MlflowClient:
    return connect(f"sqlite:///{workspace.state_dir / 'mlflow.db'}", workspace.state_dir)


def test_the_store_is_the_environments_or_the_workspaces(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
):
    assert tracking_uri(workspace) == f"sqlite:///{workspace.state_dir / 'mlflow.db'}"
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://127.0.0.1:9")
    assert tracking_uri(workspace) == "http://127.0.0.1:9"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (SECRET_URI, "http://127.0.0.1:9/path"),
        ("postgresql://ann:pw@db/x and s3://k:s@b/p", "postgresql://db/x and s3://b/p"),
        ("sqlite:////a@b/mlflow.db", "sqlite:////a@b/mlflow.db"),
        ("http://127.0.0.1:9/@here", "http://127.0.0.1:9/@here"),
    ],
)
def test_nothing_shown_holds_a_password(text: str, expected: str):
    assert redact(text) == expected


def test_an_error_is_told_in_short():
    wrapped = RuntimeError("long story")
    wrapped.__cause__ = ConnectionRefusedError(111, "Connection refused")
    assert in_short(wrapped) == "connection refused"
    assert in_short(ValueError(f"no answer\n from {SECRET_URI}")) == (
        "no answer from http://127.0.0.1:9/path"
    )


def test_a_store_that_is_away_is_one_line_without_the_password(workspace: Workspace):
    away = connect(SECRET_URI, None)
    line = r"MLflow at http://127.0.0.1:9/path"
    with pytest.raises(ToolError, match=line) as raised, explaining(SECRET_URI):
        away.search_experiments()
    assert "pass" not in str(raised.value)
    assert "word" not in str(raised.value)


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
    assert seek_run(client, experiment, "small", KEY) is None
    made = find_run(client, experiment, "small", KEY, start_ms=5)
    assert find_run(client, experiment, "small", KEY) == made
    assert find_run(client, experiment, "large", KEY) != made
    assert client.get_run(made).info.start_time == 5


def test_runs_of_a_pipeline_have_one_parent_in_each_experiment(
    client: MlflowClient, workspace: Workspace
):
    parents = {}
    for task in ("sr", "face"):
        experiment = find_experiment(client, workspace, f"lienet-nest-{task}")
        runs = [find_run(client, experiment, name, KEY) for name in ("a", "b")]
        for run in runs:
            nest_run(client, workspace.state_dir, experiment, run, "night-5")
            nest_run(client, workspace.state_dir, experiment, run, "night-6")
        tags = [client.get_run(run).data.tags for run in runs]
        assert tags[0][PARENT_TAG] == tags[1][PARENT_TAG]
        parents[task] = client.get_run(tags[0][PARENT_TAG])
        assert parents[task].info.experiment_id == experiment
    assert parents["sr"].info.run_id != parents["face"].info.run_id
    assert parents["sr"].data.tags[PIPELINE_TAG] == "night-5"
    assert parents["sr"].info.run_name == "pipeline night-5"


def test_a_parent_that_is_a_run_of_mlflow_is_taken_as_it_is(
    client: MlflowClient, workspace: Workspace
):
    experiment = find_experiment(client, workspace, "lienet-given")
    given = find_run(client, experiment, "flow", KEY)
    run = find_run(client, experiment, "a", KEY)
    nest_run(client, workspace.state_dir, experiment, run, given)
    assert client.get_run(run).data.tags[PARENT_TAG] == given
    other = find_run(client, experiment, "b", KEY)
    nest_run(client, workspace.state_dir, experiment, other, "f" * 32)
    parent = client.get_run(client.get_run(other).data.tags[PARENT_TAG])
    assert parent.data.tags[PIPELINE_TAG] == "f" * 32
