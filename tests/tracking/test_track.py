"""`lienet track`: what the files say is in MLflow once, whatever was away or cut before."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from lienet.errors import InputError, ToolError
from lienet.params import Params
from lienet.tracking.track import track, track_after_stage, track_runs, tracking_lock
from lienet.workspace import Workspace
from tests.loopback_servers import MlflowServer
from tests.tracking.stores import count_points, list_points, list_runs, make_workspace, open_store
from tests.tracking.written import (
    ITEM,
    TEST_SHA256,
    write_all,
    write_evaluation,
    write_training,
)

if TYPE_CHECKING:
    from mlflow import MlflowClient

AWAY = "http://ann:planted-secret@127.0.0.1:9"
LOSSES = [(10 * n, 1 / (3 * n)) for n in (1, 2, 3)]


def test_a_model_is_brought_to_mlflow_once(params: Params, workspace: Workspace):
    assert track(params, workspace) == [ITEM]
    client = open_store(workspace)
    (run,) = list_runs(client)
    assert (run.info.run_name, run.info.status) == ("lienet 30 steps", "FINISHED")
    assert list_points(client, run.info.run_id, "loss") == LOSSES
    assert run.data.metrics["export/max_error"] == 2e-7
    assert run.data.tags["lienet.profile"] == "sample"
    assert run.data.tags["lienet.data.test"] == TEST_SHA256[:36]
    before = count_points(client, run.info.run_id)
    assert track(params, workspace, [ITEM]) == []
    assert [each.info.run_id for each in list_runs(client)] == [run.info.run_id]
    assert count_points(client, run.info.run_id) == before


def test_only_a_stage_that_ran_again_is_sent_again(
    params: Params, workspace: Workspace, monkeypatch: pytest.MonkeyPatch
):
    track(params, workspace)
    write_evaluation(workspace, 27.0)
    sent: list[str] = []
    monkeypatch.setattr(
        "lienet.tracking.track.deliver", lambda client, run, model, facts: sent.append(facts.stage)
    )
    assert track(params, workspace) == [ITEM]
    assert sent == ["evaluate"]


def test_a_model_trained_otherwise_is_another_run(params: Params, workspace: Workspace):
    track(params, workspace)
    write_training(workspace, 2, run_key="ff" * 32, weights="cafe" * 16)
    track(params, workspace)
    client = open_store(workspace)
    by_key = {run.data.tags["lienet.run_key"]: run.info.run_id for run in list_runs(client)}
    assert len(by_key) == 2
    assert list_points(client, by_key["ff" * 32], "loss") == [(10, 1 / 3), (20, 1 / 6)]
    assert "psnr_db" not in client.get_run(by_key["ff" * 32]).data.metrics


def test_a_call_that_was_cut_is_made_up_for(
    params: Params, workspace: Workspace, monkeypatch: pytest.MonkeyPatch
):
    client = open_store(workspace)
    for method in ("log_batch", "log_inputs", "log_artifact", "set_terminated"):
        with monkeypatch.context() as patch:
            patch.setattr(type(client), method, lambda *given, **options: 1 / 0)
            with pytest.raises(ZeroDivisionError):
                track(params, workspace)
    assert track(params, workspace) == [ITEM]
    (run,) = list_runs(client)
    counts = count_points(client, run.info.run_id)
    assert counts.pop("loss") == 3
    assert set(counts.values()) == {1}


def test_runs_name_the_pipeline_run_of_the_environment(
    params: Params, workspace: Workspace, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("LIENET_PARENT_RUN_ID", "night-7")
    track(params, workspace)
    (run,) = list_runs(open_store(workspace))
    assert run.data.tags["lienet.flow_run"] == "night-7"


def test_the_run_of_each_item_is_told_whether_it_is_new_or_not(
    params: Params, workspace: Workspace
):
    (first,) = track_runs(params, workspace)
    (again,) = track_runs(params, workspace)
    assert (first.item, first.task, first.model) == (ITEM, "sr", "lienet")
    assert (first.was_behind, again.was_behind) == (True, False)
    (run,) = list_runs(open_store(workspace))
    told = (again.experiment_id, again.run_id, again.name)
    assert told == (run.info.experiment_id, run.info.run_id, run.info.run_name)


def test_an_item_that_is_none_is_named_and_one_without_files_passed_over(
    params: Params, workspace: Workspace
):
    with pytest.raises(InputError, match=r"the items are sr-srgan, .*got sr-nothing"):
        track(params, workspace, ["sr-nothing"])
    assert track(params, workspace, ["sr-srgan"]) == []


def test_a_model_in_training_is_left_to_its_training(
    params: Params, workspace: Workspace, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("lienet.tracking.track._LOCK_TIMEOUT_S", 0.1)
    with tracking_lock(workspace, "sr", "lienet"):
        assert track(params, workspace) == []
    assert track(params, workspace) == [ITEM]


@pytest.mark.parametrize("uri", ["gopher://nowhere", AWAY])
def test_a_stage_whose_server_is_away_warns_once_and_is_made_up_for(
    params: Params,
    workspace: Workspace,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    uri: str,
):
    for name in ("MLFLOW_TRACKING_USERNAME", "MLFLOW_TRACKING_PASSWORD"):
        monkeypatch.setenv(name, "")
    monkeypatch.setenv("MLFLOW_TRACKING_URI", uri)
    started = time.monotonic()
    track_after_stage(params, workspace, [ITEM])
    assert time.monotonic() - started < 20
    (warning,) = [each for each in caplog.records if each.levelname == "WARNING"]
    assert "run `lienet track` when it is back" in warning.getMessage()
    assert "secret" not in caplog.text
    monkeypatch.delenv("MLFLOW_TRACKING_URI")
    assert track(params, workspace) == [ITEM]


def test_a_call_by_hand_whose_server_is_away_is_one_error(
    params: Params, workspace: Workspace, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://127.0.0.1:9")
    with pytest.raises(ToolError, match=r"MLflow at http://127.0.0.1:9 does not answer"):
        track(params, workspace)


def test_a_server_that_never_answers_keeps_no_stage(
    params: Params,
    workspace: Workspace,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
):
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        monkeypatch.setenv("MLFLOW_TRACKING_URI", f"http://127.0.0.1:{silent.getsockname()[1]}")
        monkeypatch.setenv("MLFLOW_HTTP_REQUEST_TIMEOUT", "2")
        started = time.monotonic()
        track_after_stage(params, workspace, [ITEM])
        assert time.monotonic() - started < 5
        time.sleep(2)
    assert caplog.text.count("run `lienet track`") == 1


@pytest.mark.slow
def test_processes_that_track_at_once_make_one_store_and_double_nothing(
    params: Params, repository: Path, tmp_path: Path
):
    workspace = Workspace(tmp_path)
    write_all(workspace)
    code = (
        "import logging, sys; from pathlib import Path; logging.basicConfig(level='WARNING')\n"
        "from lienet.params import load_params; from lienet.tracking.track import track\n"
        "from lienet.workspace import Workspace\n"
        "track(load_params(Path(sys.argv[2])), Workspace(Path(sys.argv[1])))"
    )
    profile = repository / "profiles" / "sample.yaml"
    command = [sys.executable, "-c", code, str(tmp_path), str(profile)]
    environment = dict(os.environ, PYTHONPATH=str(repository))
    processes = [
        subprocess.Popen(command, stderr=subprocess.PIPE, env=environment) for _ in range(2)
    ]
    assert [process.communicate()[1] for process in processes] == [b"", b""]
    client = open_store(workspace)
    (run,) = list_runs(client)
    assert list_points(client, run.info.run_id, "loss") == LOSSES
    assert count_points(client, run.info.run_id)["psnr_db"] == 1


def rank(client: MlflowClient, digest: str) -> list[tuple[str, float]]:
    """Return the logged models measured on some test shards, the highest PSNR first."""
    dataset = {"dataset_name": "sr-test", "dataset_digest": digest}
    found = client.search_logged_models(
        [client.get_experiment_by_name("lienet-sr").experiment_id],
        filter_string="metrics.psnr_db > 20",
        datasets=[dataset],
        order_by=[{"field_name": "metrics.psnr_db", "ascending": False, **dataset}],
    )
    return [
        (model.name, metric.value)
        for model in found
        for metric in model.metrics
        if (metric.key, metric.dataset_digest) == ("psnr_db", digest)
    ]


def write_three_models(params: Params, workspace: Workspace) -> None:
    """Track three sets of weights, of which the second is measured on other shards as well."""
    for place, psnr_db in enumerate((26.0, 28.0, 27.0)):
        weights = f"{place}" * 64
        write_training(workspace, run_key=weights, weights=weights)
        for sha256 in ("a" * 64, "b" * 64)[: 2 if place == 1 else 1]:
            write_evaluation(workspace, psnr_db, weights=weights, test_sha256=sha256)
            track(params, workspace)


def test_logged_models_are_ranked_on_the_test_shards_they_share(
    params: Params, tmp_path: Path, empty_store: Path
):
    workspace = make_workspace(tmp_path, empty_store)
    write_three_models(params, workspace)
    client = open_store(workspace)
    assert [value for _, value in rank(client, "a" * 36)] == [28.5, 27.5, 26.5]
    assert [value for _, value in rank(client, "b" * 36)] == [28.5]
    assert rank(client, "c" * 36) == []


@pytest.mark.slow
@pytest.mark.services
def test_a_server_ranks_logged_models_as_the_local_store_does(
    params: Params, tmp_path: Path, empty_store: Path, monkeypatch: pytest.MonkeyPatch
):
    from mlflow import MlflowClient

    workspace = Workspace(tmp_path / "work")
    with MlflowServer(tmp_path / "server", empty_store) as server:
        monkeypatch.setenv("MLFLOW_TRACKING_URI", server.url)
        write_three_models(params, workspace)
        assert track(params, workspace) == []
        client = MlflowClient(server.url)
        assert [value for _, value in rank(client, "a" * 36)] == [28.5, 27.5, 26.5]
        runs = list_runs(client)
        assert [list_points(client, run.info.run_id, "loss") for run in runs] == [LOSSES] * 3
        assert [each.path for each in client.list_artifacts(runs[0].info.run_id)] == [
            "evaluate",
            "history.csv",
            "per_image.json",
        ]
