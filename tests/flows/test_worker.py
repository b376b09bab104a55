"""Deployed, scheduled, killed, resumed: real servers and workers, and the same bytes in the end."""

from __future__ import annotations

import csv
import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.flows.toy import Api, Toy, wait_until
from tests.flows.worker_process import Worker, create_run, deploy
from tests.loopback_servers import MlflowServer, PrefectServer
from tests.small_clone import Clone, copy_project, shrink, write_pictures

pytestmark = [
    pytest.mark.services,
    pytest.mark.slow,
    pytest.mark.timeout(1800),
    pytest.mark.xdist_group("prefect"),
]
PATIENCE_S = 300.0


def test_schedule_skipped_overlap_server_restart_and_cancellation(
    tmp_path: Path, prefect_server: PrefectServer, api: Api
):
    toy = Toy(tmp_path / "a clone", {"train@a": [], "train@b": []}, seconds=25.0)
    toy.set_flows(overlap="skip", cpu_slots=2, cancel_grace_s=3.0)
    environment = toy.environment(**prefect_server.environment)
    deployment = deploy(toy.root, environment, api)
    schedule = {"interval": 15, "anchor_date": "2026-01-01T00:00:00Z", "timezone": "UTC"}
    with Worker(toy.root, environment):
        api.post_list(
            f"deployments/{deployment}/schedules", [{"schedule": schedule, "active": True}]
        )
        # Two runs are enough: each costs the start of a process.
        wait_until(lambda: num_started(api, deployment) >= 2, "two scheduled runs", PATIENCE_S)
        api.pause(deployment)
        wait_until(
            lambda: {"Completed", "Skipped"} <= states_of(api, deployment).keys(),
            "a run that completes, and one that is skipped",
            PATIENCE_S,
        )
        found = states_of(api, deployment)
        assert "the workspace is in use by flow run" in found["Skipped"]["state"]["message"]
        assert found["Completed"]["auto_scheduled"]
        times = toy.times()
        assert times["train@a"]["start"] < times["train@b"]["end"]
        assert times["train@b"]["start"] < times["train@a"]["end"]

        prefect_server.kill()
        prefect_server.start()
        assert states_of(api, deployment)["Completed"]["id"] == found["Completed"]["id"]
        run = create_run(api, deployment, force=True)
        wait_until(lambda: is_running(toy, "train@a"), "a stage after the restart", PATIENCE_S)
        api.post(f"flow_runs/{run}/set_state", state={"type": "CANCELLING", "name": "Cancelling"})
        api.wait_for(run, "Cancelled", timeout_s=PATIENCE_S)
        wait_until(lambda: "interrupted" in toy.times()["train@a"], "the stage's end")
    api.delete(f"deployments/{deployment}")  # with its schedule
    toy.run("dvc", "repro", "--dry")  # nothing holds DVC's locks


def test_resume_after_worker_kill_gives_same_weights(
    repository: Path, tmp_path: Path, prefect_server: PrefectServer, api: Api, empty_store: Path
):
    clone = make_clone(repository, tmp_path)
    mlflow_server = MlflowServer(tmp_path / "mlflow", empty_store)
    checkpoint = clone.root / "data/state/train/sr/lienet/checkpoint.pt"
    environment = {
        **Toy.environment(clone, **prefect_server.environment),  # type: ignore[arg-type]
        **mlflow_server.environment,
        "MLFLOW_TRACKING_URI": mlflow_server.url,
    }
    with mlflow_server:
        deployment = deploy(clone.root, environment, api)
        run = create_run(api, deployment, targets=["train@sr-lienet"])
        first = Worker(clone.root, environment)
        try:
            wait_until(checkpoint.is_file, "a checkpoint", PATIENCE_S)
        finally:
            mlflow_server.kill()
            first.kill()
        weights = clone.root / "data/models/sr/lienet/weights.safetensors"
        assert not weights.exists()
        with Worker(clone.root, environment) as second:
            wait_until(lambda: "resuming at step" in second.log(), "the checkpoint's use", 600)
            mlflow_server.start()
            state = api.wait_for(run, "Completed", "Failed", "Crashed", timeout_s=600)
            assert state["state_name"] == "Completed", second.log()[-4000:]
        assert state["run_count"] == 2
        tracked = subprocess.run(
            [sys.executable, "-m", "lienet", "track"],
            cwd=clone.root,
            env={**environment, "PYTHONPATH": str(clone.root)},
            capture_output=True,
            text=True,
            check=False,
        )
        assert tracked.returncode == 0, tracked.stderr
        assert logged_losses(mlflow_server, "lienet") == history_losses(clone.root, "lienet")

    unbroken = tmp_path / "unbroken"
    shutil.copytree(clone.root, unbroken, ignore=shutil.ignore_patterns("models", ".dvc", "state"))
    ran = subprocess.run(
        [sys.executable, "-m", "lienet", "train", "sr-lienet"],
        cwd=unbroken,
        env={**environment, "PYTHONPATH": str(unbroken), "MLFLOW_TRACKING_URI": ""},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr
    assert "resuming" not in ran.stderr
    assert (unbroken / "data/models/sr/lienet/weights.safetensors").read_bytes() == (
        weights.read_bytes()
    )


def make_clone(repository: Path, folder: Path) -> Clone:
    """Return a clone in which a network trains for some seconds."""
    write_pictures(folder / "pictures")
    clone = Clone(folder / "a clone")
    copy_project(repository, clone.root)
    (clone.root / "dvc.lock").unlink(missing_ok=True)
    params = yaml.safe_load((repository / "profiles" / "sample.yaml").read_text())
    params = shrink(params, folder / "pictures")
    params["train"] |= {"steps": 240, "log_every_steps": 30, "validate_every_steps": 120}
    params["train"]["checkpoint_every_steps"] = 30
    params["flows"] |= {"cpu_slots": 2, "cancel_grace_s": 20.0}
    (clone.root / "params.yaml").write_text(yaml.safe_dump(params, sort_keys=False))
    clone.run("git", "init", "--quiet")
    return clone


def states_of(api: Api, deployment: str) -> dict[str, dict[str, Any]]:
    """Return a run in each state, by the state's name."""
    runs = api.post("flow_runs/filter", flow_runs={"deployment_id": {"any_": [deployment]}})
    return {run["state_name"]: run for run in runs}


def num_started(api: Api, deployment: str) -> int:
    """Return how many of a deployment's runs are no longer merely scheduled."""
    runs = api.post("flow_runs/filter", flow_runs={"deployment_id": {"any_": [deployment]}})
    return sum(run["state_type"] != "SCHEDULED" for run in runs)


def is_running(toy: Toy, stage: str) -> bool:
    """Return whether the latest note of a stage is its start."""
    lines = (toy.root / "times.log").read_text().splitlines()
    last = next(line for line in reversed(lines) if line.startswith(stage))
    return last.split()[1] == "start"


def history_losses(root: Path, model: str) -> list[tuple[int, float]]:
    """Return step and loss of the rows of ``history.csv``."""
    with (root / f"data/models/sr/{model}/history.csv").open(newline="") as stream:
        return [(int(row["step"]), float(row["loss"])) for row in csv.DictReader(stream)]


def logged_losses(server: MlflowServer, model: str) -> list[tuple[int, float]]:
    """Return step and loss of MLflow's points, doubles included."""
    api = Api({"PREFECT_API_URL": f"{server.url}/api/2.0/mlflow"})
    experiment = api.get("experiments/get-by-name?experiment_name=lienet-sr")["experiment"]
    runs = api.post(
        "runs/search",
        experiment_ids=[experiment["experiment_id"]],
        filter=f"tags.`lienet.model` = '{model}'",
    )["runs"]
    assert len(runs) == 1, json.dumps(runs)[:2000]
    run_id = runs[0]["info"]["run_id"]
    path = f"metrics/get-history?run_id={run_id}&metric_key=loss&max_results=1000"
    return sorted((int(point["step"]), point["value"]) for point in api.get(path)["metrics"])
