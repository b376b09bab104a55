from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from lienet.params import Params
from lienet.tracking.delivery import SentPoints, deliver
from lienet.tracking.facts import Point, StageFacts, read_facts
from lienet.tracking.runs import find_experiment, find_logged_model, find_run
from lienet.workspace import Workspace
from tests.tracking.stores import count_points, list_points, open_store
from tests.tracking.written import ITEM, RUN_KEY, WEIGHTS, write_evaluation

if TYPE_CHECKING:
    from mlflow import MlflowClient


@pytest.fixture
def client(workspace: Workspace) -> MlflowClient:
    return open_store(workspace)


@pytest.fixture
def run_id(client: MlflowClient, workspace: Workspace) -> str:
    experiment_id = find_experiment(client, workspace, "lienet-sr")
    return str(find_run(client, experiment_id, "lienet", RUN_KEY).info.run_id)


def read_stages(params: Params, workspace: Workspace) -> dict[str, StageFacts]:
    facts = read_facts(params, workspace, ITEM)
    assert facts is not None
    return {each.stage: each for each in facts.stages}


def send(client: MlflowClient, workspace: Workspace, run_id: str, facts: StageFacts) -> Any:
    run = client.get_run(run_id)
    model = find_logged_model(client, workspace.state_dir, run, WEIGHTS)
    deliver(client, run, model, facts)
    return client.get_logged_model(model.model_id)


def test_what_is_delivered_twice_is_there_once(
    params: Params, workspace: Workspace, client: MlflowClient, run_id: str
):
    for facts in [*read_stages(params, workspace).values()] * 2:
        model = send(client, workspace, run_id, facts)
    counts = count_points(client, run_id)
    assert counts.pop("loss") == 3
    assert set(counts.values()) == {1}
    assert len(model.metrics) == len({each.key for each in model.metrics})
    run = client.get_run(run_id)
    assert run.data.params["train.learning_rate"] == "0.001"
    assert sorted(each.dataset.name for each in run.inputs.dataset_inputs) == [
        "sr-test",
        "sr-train",
        "sr-valid",
    ]
    assert [each.model_id for each in run.outputs.model_outputs] == [model.model_id]
    artifacts = {each.path for each in client.list_artifacts(run_id)}
    assert artifacts == {"history.csv", "model", "evaluate", "per_image.json"}
    tables = json.loads(run.data.tags["mlflow.loggedArtifacts"])
    assert tables == [{"path": "per_image.json", "type": "table"}]
    pictures = client.list_artifacts(run_id, "evaluate/images/x4")
    assert [each.path for each in pictures] == ["evaluate/images/x4/a.png"]


def test_figures_belong_to_the_model_and_scores_to_the_test_shards_too(
    params: Params, workspace: Workspace, client: MlflowClient, run_id: str
):
    model = send(client, workspace, run_id, read_stages(params, workspace)["evaluate"])
    datasets = {each.key: (each.dataset_name, each.dataset_digest) for each in model.metrics}
    assert datasets["psnr_db"] == ("sr-test", "7e57" * 9)
    assert datasets["num_macs"] == (None, None)


def test_a_point_is_known_by_name_step_and_value(client: MlflowClient, run_id: str):
    for step, value in ((1, 0.1), (2, 0.2)):
        client.log_metric(run_id, "loss", value, step=step)
    points = [Point("loss", 1, 0.1), Point("loss", 2, 0.25), Point("new", 1, 0.1, time_ms=7)]
    missing = SentPoints(client, client.get_run(run_id)).list_missing(points)
    assert [(each.key, each.step, each.value) for each in missing] == [
        ("loss", 2, 0.25),
        ("new", 1, 0.1),
    ]
    assert missing[1].timestamp == 7


def test_a_request_cut_in_the_middle_loses_and_doubles_nothing(
    params: Params,
    workspace: Workspace,
    client: MlflowClient,
    run_id: str,
    monkeypatch: pytest.MonkeyPatch,
):
    facts = read_stages(params, workspace)
    log_batch = type(client).log_batch

    def log_half(self: Any, run_id: str, metrics: Any = (), **others: Any) -> None:
        log_batch(self, run_id, metrics=metrics[: len(metrics) // 2])
        raise ConnectionError("cut off")

    for stage in ("train", "evaluate"):
        with monkeypatch.context() as patch:
            patch.setattr(type(client), "log_batch", log_half)
            with pytest.raises(ConnectionError):
                send(client, workspace, run_id, facts[stage])
        model = send(client, workspace, run_id, facts[stage])
    assert list_points(client, run_id, "loss") == [(10 * n, 1 / (3 * n)) for n in (1, 2, 3)]
    counts = count_points(client, run_id)
    assert {name for name, count in counts.items() if count != 1} == {"loss"}
    assert {each.key for each in model.metrics} >= facts["evaluate"].scores.keys()


def test_a_figure_that_reached_the_run_alone_reaches_the_model_and_is_not_doubled(
    params: Params,
    workspace: Workspace,
    client: MlflowClient,
    run_id: str,
    monkeypatch: pytest.MonkeyPatch,
):
    from mlflow.store.tracking.sqlalchemy_store import SqlAlchemyStore

    facts = read_stages(params, workspace)["evaluate"]
    with monkeypatch.context() as patch:
        patch.setattr(SqlAlchemyStore, "_log_model_metrics", lambda *given, **options: 1 / 0)
        with pytest.raises(Exception, match="division by zero"):
            send(client, workspace, run_id, facts)
    assert client.get_run(run_id).data.metrics["psnr_db"] == 26.5
    model = send(client, workspace, run_id, facts)
    assert {each.key: each.value for each in model.metrics} == {**facts.figures, **facts.scores}
    assert set(count_points(client, run_id).values()) == {1}


def test_what_was_measured_anew_becomes_the_latest_and_the_rest_stays(
    params: Params, workspace: Workspace, client: MlflowClient, run_id: str
):
    for psnr_db in (26.0, 26.4, 26.0):
        write_evaluation(workspace, psnr_db)
        model = send(client, workspace, run_id, read_stages(params, workspace)["evaluate"])
    latest = {each.key: each.value for each in sorted(model.metrics, key=lambda m: m.timestamp)}
    assert latest["psnr_db"] == client.get_run(run_id).data.metrics["psnr_db"] == 26.5
    counts = count_points(client, run_id)
    assert (counts["psnr_db"], counts["num_params"]) == (3, 1)


def test_equal_scores_on_other_test_shards_are_scores_of_those_too(
    params: Params, workspace: Workspace, client: MlflowClient, run_id: str
):
    for sha256 in ("a" * 64, "b" * 64):
        write_evaluation(workspace, test_sha256=sha256)
        model = send(client, workspace, run_id, read_stages(params, workspace)["evaluate"])
    digests = {each.dataset_digest for each in model.metrics if each.key == "psnr_db"}
    assert digests == {"a" * 36, "b" * 36}
