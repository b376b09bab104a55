"""Local MLflow stores for tests, and what they hold."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lienet.tracking.store import connect
from lienet.workspace import Workspace

if TYPE_CHECKING:
    from mlflow import MlflowClient


def make_workspace(folder: Path, empty_store: Path) -> Workspace:
    """Return a workspace with an empty store; spaces and more are in its path."""
    made = Workspace(folder / "a clone, 100% ü")
    made.state_dir.mkdir(parents=True)
    shutil.copy(empty_store, made.state_dir / "mlflow.db")
    return made


def open_store(workspace: Workspace) -> MlflowClient:
    """Return a client of the workspace's own store."""
    return connect(f"sqlite:///{workspace.state_dir / 'mlflow.db'}", workspace.state_dir)


def list_runs(client: MlflowClient, experiment: str = "lienet-sr") -> list[Any]:
    """Return the runs of an experiment."""
    found = client.get_experiment_by_name(experiment)
    assert found is not None
    return list(client.search_runs([found.experiment_id]))


def list_points(client: MlflowClient, run_id: str, name: str) -> list[tuple[int, float]]:
    """Return step and value of each point of a metric, doubles included."""
    return sorted((each.step, each.value) for each in client.get_metric_history(run_id, name))


def count_points(client: MlflowClient, run_id: str) -> dict[str, int]:
    """Return how many points each metric of a run has, less what is measured while it trains."""
    names = client.get_run(run_id).data.metrics
    return {
        name: len(client.get_metric_history(run_id, name))
        for name in names
        if not name.startswith("system/")
    }
