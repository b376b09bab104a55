"""Artifacts of a workspace's store: kept by its own machine, whoever sends them and wherever it is.

A real server over a store that was made without one, a second machine, and a workspace that moves.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from lienet.tracking.served import find_server
from lienet.tracking.store import tracking_uri
from lienet.workspace import Workspace
from tests.loopback_servers import LoopbackServer
from tests.tracking.stores import make_workspace


class ServedStore(LoopbackServer):
    """The server of ``make server``, over the store of the workspace in its folder."""

    @property
    def environment(self) -> dict[str, str]:
        return {
            "MLFLOW_DISABLE_TELEMETRY": "true",
            "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false",
            "PYTHONPATH": str(Path(__file__).parents[2]),
        }

    @property
    def _health_url(self) -> str:
        return f"{self.url}/health"

    def _command(self) -> list[str]:
        state_dir = Workspace(self.folder).state_dir
        return [
            *(sys.executable, "-m", "lienet.tracking.served", "--workers", "1"),
            *("--host", "127.0.0.1", "--port", str(self.port)),
            *("--backend-store-uri", f"sqlite:///{state_dir / 'mlflow.db'}"),
            *("--artifacts-destination", str(state_dir / "mlartifacts")),
        ]


@pytest.fixture
def workspace(tmp_path: Path, empty_store: Path) -> Workspace:
    made = make_workspace(tmp_path / "one", empty_store)
    (made.root / "params.yaml").touch()
    return made


# MLflow keeps in mind where a run's artifacts lie, so each step is a process of its own.
SEND = """
run = find_run(client, find_experiment(client, workspace, "lienet-sr"), sys.argv[2], "ab" * 32)
client.log_text(run.info.run_id, sys.argv[3], sys.argv[3] + ".txt")
"""
READ = """
run = find_run(client, find_experiment(client, workspace, "lienet-sr"), sys.argv[2], "ab" * 32)
for found in client.list_artifacts(run.info.run_id):
    print(Path(client.download_artifacts(run.info.run_id, found.path, sys.argv[3])).read_text())
"""
OPEN = """
import sys
from pathlib import Path
from lienet.tracking.runs import find_experiment, find_run
from lienet.tracking.store import connect, tracking_uri
from lienet.workspace import Workspace
workspace = Workspace(Path(sys.argv[1]))
client = connect(tracking_uri(workspace), workspace.state_dir)
"""


def step(script: str, workspace: Workspace, *words: str | Path, uri: str = "") -> list[str]:
    """Run a step on a machine that has this workspace; return the lines that it prints."""
    done = subprocess.run(
        [sys.executable, "-c", OPEN + script, workspace.root, *words],
        env={**os.environ, "MLFLOW_TRACKING_URI": uri, "MLFLOW_DISABLE_TELEMETRY": "true"},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


@pytest.mark.services
@pytest.mark.slow
def test_a_second_machine_s_artifacts_reach_the_server_of_an_old_store(
    workspace: Workspace, tmp_path: Path
):
    step(SEND, workspace, "lienet", "first")
    assert find_server(workspace.state_dir) is None
    second = Workspace(tmp_path / "two")
    with ServedStore(workspace.root) as server:
        assert tracking_uri(workspace) == server.url
        step(SEND, workspace, "lienet", "meanwhile")
        step(SEND, second, "lienet", "second", uri=server.url)
        step(SEND, second, "another", "other", uri=server.url)
        (tmp_path / "got").mkdir()
        got = step(READ, second, "lienet", tmp_path / "got", uri=server.url)
        assert sorted(got) == ["first", "meanwhile", "second"]
    kept = {path.stem for path in (workspace.state_dir / "mlartifacts").rglob("*.txt")}
    assert kept == {"first", "meanwhile", "second", "other"}
    assert tracking_uri(workspace).startswith("sqlite:")
    assert step(READ, workspace, "another", tmp_path / "got") == ["other"]


def test_a_workspace_that_was_moved_keeps_its_artifacts(workspace: Workspace, tmp_path: Path):
    step(SEND, workspace, "lienet", "first")
    moved = Workspace(workspace.root.rename(tmp_path / "moved"))
    step(SEND, moved, "lienet", "second")
    (tmp_path / "got").mkdir()
    assert sorted(step(READ, moved, "lienet", tmp_path / "got")) == ["first", "second"]
    assert not workspace.root.exists()
