from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from lienet.errors import InputError
from lienet.tracking.runs import track_run
from lienet.workspace import Workspace

if TYPE_CHECKING:
    from mlflow import MlflowClient

KEY = "0123456789abcdef" * 4


def _client(uri: str) -> MlflowClient:
    from mlflow import MlflowClient

    return MlflowClient(tracking_uri=uri)


def _runs(client: MlflowClient, experiment: str = "lienet-sr") -> list[Any]:
    found = client.get_experiment_by_name(experiment)
    assert found is not None
    return list(client.search_runs([found.experiment_id]))


def _steps(client: MlflowClient, run_id: str, name: str) -> list[int]:
    return sorted(metric.step for metric in client.get_metric_history(run_id, name))


def _track(workspace: Workspace, **options: Any):
    given = {"task": "sr", "model": "small", "run_key": KEY, "profile": "sample", "retry_s": 0.2}
    return track_run(workspace, **(given | options))


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    """One workspace for all tests, as making a store takes seconds; spaces and more in its path."""
    root = tmp_path_factory.mktemp("work") / "a clone, 100% ü"
    root.mkdir()
    return Workspace(root)


def _local(workspace: Workspace) -> MlflowClient:
    return _client(f"sqlite:///{workspace.state_dir / 'mlflow.db'}")


def test_stages_log_to_one_run_of_the_default_store(workspace: Workspace):
    weights = workspace.root / "weights.bin"
    weights.write_bytes(b"w")
    with _track(workspace) as tracker:
        tracker.log_params({"train": {"objectives": {"sr": {"pixel": "mse"}}, "sizes": (1, 2)}})
        for step in range(0, 100, 10):
            tracker.log_metrics({"loss": 1 / (step + 1)}, step=step)
        tracker.log_artifact(weights, "model")
        weights.unlink()
    with _track(workspace) as tracker:
        tracker.log_metrics({"export/max_abs_error": 2e-7})
    client = _local(workspace)
    (run,) = _runs(client)
    assert run.info.run_name == "small"
    assert run.info.status == "FINISHED"
    assert run.data.params == {"train.objectives.sr.pixel": "mse", "train.sizes": "[1, 2]"}
    assert _steps(client, run.info.run_id, "loss") == list(range(0, 100, 10))
    assert run.data.metrics["export/max_abs_error"] == 2e-7
    assert run.data.tags["lienet.run_key"] == KEY
    assert run.data.tags["lienet.profile"] == "sample"
    (kept,) = (workspace.state_dir / "mlartifacts").rglob("weights.bin")
    assert kept.read_bytes() == b"w"
    assert kept.parent.name == "model"
    assert list((workspace.state_dir / "tracking").iterdir()) == []


@pytest.mark.slow
def test_processes_that_make_the_store_at_once_do_not_meet(tmp_path: Path):
    code = (
        "import logging, pathlib, sys; logging.basicConfig(level='WARNING')\n"
        "from lienet.tracking.runs import track_run; from lienet.workspace import Workspace\n"
        "workspace = Workspace(pathlib.Path(sys.argv[1]))\n"
        "given = dict(task='sr', model=sys.argv[2], run_key=sys.argv[2] * 32, profile='p')\n"
        "with track_run(workspace, **given) as tracker: tracker.log_metrics({'psnr_db': 1.0})"
    )
    models = ("a", "b")
    processes = [
        subprocess.Popen([sys.executable, "-c", code, tmp_path, model], stderr=subprocess.PIPE)
        for model in models
    ]
    assert [process.communicate()[1] for process in processes] == [b"", b""]
    assert {run.info.run_name for run in _runs(_local(Workspace(tmp_path)))} == set(models)


def test_a_run_that_fails_or_is_stopped_says_so(workspace: Workspace):
    for error, task in ((ValueError, "failed"), (KeyboardInterrupt, "killed")):
        with pytest.raises(error), _track(workspace, task=task):
            raise error
    statuses = [
        _runs(_local(workspace), f"lienet-{task}")[0].info.status for task in ("failed", "killed")
    ]
    assert statuses == ["FAILED", "KILLED"]


def test_another_key_is_another_run(workspace: Workspace):
    for key in ("aa" * 32, "bb" * 32):
        with _track(workspace, task="keys", run_key=key):
            pass
    tags = {run.data.tags["lienet.run_key"] for run in _runs(_local(workspace), "lienet-keys")}
    assert tags == {"aa" * 32, "bb" * 32}


def test_a_changed_param_is_refused_and_the_rest_arrives(
    workspace: Workspace, caplog: pytest.LogCaptureFixture
):
    for value in ("1", "2"):
        with _track(workspace, task="params") as tracker:
            tracker.log_params({"a": value, f"b{value}": value})
    (run,) = _runs(_local(workspace), "lienet-params")
    assert run.data.params == {"a": "1", "b1": "1", "b2": "2"}
    assert caplog.text.count("MLflow refused a record") == 1


def test_a_dataset_has_the_hash_that_dvc_gave_it_or_its_own(workspace: Workspace):
    lock = {
        "stages": {"s": {"outs": [{"path": "data/shards/sets/train", "md5": "d" * 32 + ".dir"}]}}
    }
    (workspace.root / "dvc.lock").write_text(yaml.safe_dump(lock))
    with _track(workspace, task="sets") as tracker:
        tracker.log_dataset("sets", "train", sha256="1" * 64, num_samples=7)
        tracker.log_dataset("sets", "test", sha256="2" * 64, num_samples=3)
    (workspace.root / "dvc.lock").unlink()
    (run,) = _runs(_local(workspace), "lienet-sets")
    found = {each.dataset.name: each for each in run.inputs.dataset_inputs}
    assert found["sets-train"].dataset.digest == "d" * 32 + ".dir"
    assert found["sets-test"].dataset.digest == "2" * 36
    assert json.loads(found["sets-train"].dataset.profile) == {"sha256": "1" * 64, "num_samples": 7}
    assert json.loads(found["sets-train"].dataset.source)["path"] == "data/shards/sets/train"
    assert [tag.value for tag in found["sets-train"].tags] == ["train"]
    assert run.data.tags["lienet.data.test"] == "2" * 36


def test_a_run_is_nested_under_the_pipeline_of_the_environment(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("LIENET_PARENT_RUN_ID", "night-7")
    for model in ("a", "b"):
        with _track(workspace, task="nested", model=model):
            pass
    by_name = {run.info.run_name: run for run in _runs(_local(workspace), "lienet-nested")}
    assert by_name.keys() == {"a", "b", "pipeline night-7"}
    parents = {by_name[name].data.tags["mlflow.parentRunId"] for name in ("a", "b")}
    assert parents == {by_name["pipeline night-7"].info.run_id}


def test_the_load_of_the_machine_is_among_the_metrics(workspace: Workspace):
    with _track(workspace, task="load") as tracker, tracker.watching_system(every_s=0.05):
        time.sleep(1)
    (run,) = _runs(_local(workspace), "lienet-load")
    assert 0 < run.data.metrics["system/system_memory_usage_percentage"] <= 100


def test_a_folder_is_logged_under_its_name(workspace: Workspace):
    folder = workspace.root / "images"
    (folder / "x4").mkdir(parents=True)
    (folder / "x4" / "a.png").write_bytes(b"a")
    with _track(workspace, task="folders") as tracker:
        tracker.log_artifact(folder, "evaluate")
    client = _local(workspace)
    (run,) = _runs(client, "lienet-folders")
    found = client.list_artifacts(run.info.run_id, "evaluate/images/x4")
    assert [one.path for one in found] == ["evaluate/images/x4/a.png"]


def test_an_artifact_that_is_not_there_is_one_clear_error(workspace: Workspace):
    with pytest.raises(InputError, match="there is no"), _track(workspace, task="gone") as tracker:
        tracker.log_artifact(workspace.root / "gone.bin")


def test_a_killed_run_is_delivered_by_the_next_and_continued(workspace: Workspace):
    code = (
        "import os, signal, sys\nfrom pathlib import Path\n"
        "from lienet.workspace import Workspace\nfrom lienet.tracking.runs import track_run\n"
        "given = dict(task='resumed', model='small', run_key=sys.argv[2], profile='sample')\n"
        "with track_run(Workspace(Path(sys.argv[1])), **given) as tracker:\n"
        "    for step in range(50): tracker.log_metrics({'loss': 1.0}, step=step)\n"
        "    os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    command = [sys.executable, "-c", code, str(workspace.root), KEY]
    assert subprocess.run(command, check=False).returncode == -signal.SIGKILL
    with _track(workspace, task="resumed") as tracker:
        for step in range(50, 60):
            tracker.log_metrics({"loss": 1.0}, step=step)
    client = _local(workspace)
    (run,) = _runs(client, "lienet-resumed")
    assert _steps(client, run.info.run_id, "loss") == list(range(60))
    assert run.info.status == "FINISHED"


@pytest.mark.parametrize("uri", ["gopher://nowhere", "http://127.0.0.1:9"])
def test_a_wrong_uri_costs_a_warning_and_is_made_good_later(
    workspace: Workspace,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    uri: str,
):
    task = f"wrong-{uri[:3]}"
    monkeypatch.setenv("MLFLOW_TRACKING_URI", uri)
    started = time.monotonic()
    with _track(workspace, task=task) as tracker:
        tracker.log_metrics({"loss": 1.0}, step=1)
        time.sleep(0.5)
    assert time.monotonic() - started < 20
    assert caplog.text.count(f"MLflow at {uri} cannot be reached") == 1
    monkeypatch.delenv("MLFLOW_TRACKING_URI")
    with _track(workspace, task="any"):
        pass
    (run,) = _runs(_local(workspace), f"lienet-{task}")
    assert run.data.metrics == {"loss": 1.0}


@contextmanager
def _serve(folder: Path, port: int) -> Iterator[None]:
    """Run `mlflow server` on the loopback until it is killed with SIGKILL."""
    folder.mkdir(exist_ok=True)
    command = [sys.executable, "-m", "mlflow", "server", "--host", "127.0.0.1", "--port", str(port)]
    command += ["--backend-store-uri", f"sqlite:///{folder}/mlflow.db", "--workers", "1"]
    command += ["--artifacts-destination", str(folder / "artifacts")]
    with (folder / "log.txt").open("ab") as log:
        server = subprocess.Popen(
            command, stdout=log, stderr=log, cwd=folder, start_new_session=True
        )
    try:
        for _ in range(600):
            try:
                with urllib.request.urlopen(f"http://127.0.0.1:{port}/health", timeout=1):
                    break
            except OSError:
                assert server.poll() is None, (folder / "log.txt").read_text()
                time.sleep(0.1)
        else:
            pytest.fail(f"mlflow server did not start: {(folder / 'log.txt').read_text()}")
        yield
    finally:
        os.killpg(server.pid, signal.SIGKILL)
        server.wait()


@pytest.mark.slow
@pytest.mark.services
def test_a_server_killed_and_started_again_ends_with_every_point(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
):
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    uri = f"http://127.0.0.1:{port}"
    monkeypatch.setenv("MLFLOW_TRACKING_URI", uri)
    workspace = Workspace(tmp_path)
    artifact = tmp_path / "weights.bin"
    artifact.write_bytes(b"w")
    with _track(workspace) as tracker:
        with _serve(tmp_path / "server", port):
            tracker.log_metrics({"loss": 1.0}, step=0)
            client = _client(uri)
            for _ in range(200):
                if client.get_experiment_by_name("lienet-sr") is not None:
                    break
                time.sleep(0.1)
        for step in range(1, 100):
            tracker.log_metrics({"loss": 1.0}, step=step)
        tracker.log_artifact(artifact)
        artifact.unlink()
        time.sleep(1)
    assert caplog.text.count("cannot be reached") == 1
    with _serve(tmp_path / "server", port):
        with _track(workspace, model="other"):
            pass
        client = _client(uri)
        by_name = {run.info.run_name: run for run in _runs(client)}
        assert by_name.keys() == {"small", "other"}
        run_id = by_name["small"].info.run_id
        assert _steps(client, run_id, "loss") == list(range(100))
        assert by_name["small"].info.status == "FINISHED"
        assert [one.path for one in client.list_artifacts(run_id)] == ["weights.bin"]
    assert list((workspace.state_dir / "tracking").iterdir()) == []
