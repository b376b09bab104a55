"""What a person sees in a browser: runs compared in MLflow, a flow's run in Prefect."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from urllib.parse import quote

import pytest

from tests.browser import find_browser, read_page
from tests.loopback_servers import PrefectServer
from tests.planted import SECRETS, find_secrets
from tests.sharing.conftest import STEPS, Team

pytestmark = [
    pytest.mark.slow,
    pytest.mark.services,
    pytest.mark.timeout(2400),
    pytest.mark.skipif(find_browser() is None, reason="no Chromium is installed"),
]
FLOW = """
from prefect import flow, task

@task
def train(model: str) -> None:
    print(f"{model}: 6 steps")

@flow(name="tiny", flow_run_name="tiny-pipeline", log_prints=True)
def pipeline() -> None:
    for model in ("srgan", "lienet"):
        train.with_options(task_run_name=f"train@sr-{model}")(model)

print("RUN", pipeline(return_state=True).state_details.flow_run_id)
"""


@pytest.mark.xdist_group("pipeline")
def test_mlflow_compares_the_runs_of_a_team(team: Team):
    from mlflow import MlflowClient

    client = MlflowClient(team.mlflow.url)
    experiment = client.get_experiment_by_name("lienet-sr")
    assert experiment is not None
    runs = client.search_runs([experiment.experiment_id], order_by=["attributes.start_time ASC"])
    models = [run.data.tags["lienet.model"] for run in runs]
    assert sorted(models) == ["bicubic", "lienet", "lienet"]
    networks = [run for run, model in zip(runs, models, strict=True) if model == "lienet"]
    assert [run.data.params["train.steps"] for run in networks] == ["6", str(STEPS)]
    figures = [f"{run.data.metrics['num_params']:.0f}" for run in networks]
    read_page(
        compare_url(team.mlflow.url, experiment.experiment_id, [run.info.run_id for run in runs]),
        ["Comparing 3 Runs from 1 Experiment", "lienet", "bicubic", "train.steps", *figures],
        screen="mlflow-compare",
        size_px=(1600, 2080),
        crop_px=(0, 0, 1180, 2050),
    )


@pytest.mark.xdist_group("prefect-page")
def test_prefect_shows_the_stages_of_a_flow_run(tmp_path: Path):
    script = tmp_path / "flow.py"
    script.write_text(FLOW)
    with PrefectServer(tmp_path / "prefect") as server:
        ran = subprocess.run(
            [sys.executable, str(script)],
            env={**os.environ, **server.environment, **SECRETS},
            cwd=tmp_path,
            capture_output=True,
            text=True,
            check=True,
        )
        run_id = ran.stdout.rpartition("RUN ")[2].strip()
        stages = ["train@sr-srgan", "train@sr-lienet"]
        read_page(
            f"{server.url}/runs/flow-run/{run_id}",
            ["tiny-pipeline", "Completed", "2 Task runs", *stages, "lienet: 6 steps"],
            screen="prefect-flow-run",
        )
    assert find_secrets([tmp_path], [ran.stdout, ran.stderr]) == []


def compare_url(server_url: str, experiment_id: str, run_ids: list[str]) -> str:
    """Return the address of MLflow's comparison of runs."""
    runs, experiments = (quote(json.dumps(ids)) for ids in (run_ids, [experiment_id]))
    return f"{server_url}/#/compare-runs?runs={runs}&experiments={experiments}"
