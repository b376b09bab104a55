"""A training run in MLflow while it goes on, through kills of either side: every point, once."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from lienet.params import Params
from lienet.tracking.live import LiveRun, follow_training
from lienet.tracking.track import track
from lienet.workspace import Workspace
from tests.loopback_servers import MlflowServer
from tests.tracking.stores import count_points, list_points, list_runs, make_workspace, open_store
from tests.tracking.written import ITEM, RUN_KEY, rows, write_training

NUM_ROWS = 60
LOSSES = [(10 * n, 1 / (3 * n)) for n in range(1, NUM_ROWS + 1)]
TRAINEE = """
import os, signal, sys, time
from pathlib import Path
from tests.tracking.stores import list_points, list_runs, open_store
from tests.tracking.test_live import follow
from tests.tracking.written import load_sample, rows
from lienet.workspace import Workspace

workspace = Workspace(Path(sys.argv[1]))
with follow(load_sample(Path(sys.argv[2])), workspace) as live:
    for row in rows(60)[:40]:
        live.log_row(row)
    client = open_store(workspace)
    while not (client.get_experiment_by_name("lienet-sr") and list_runs(client)
               and list_points(client, list_runs(client)[0].info.run_id, "loss")):
        time.sleep(0.1)
    os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.fixture
def workspace(tmp_path: Path, empty_store: Path) -> Workspace:
    return make_workspace(tmp_path, empty_store)


@contextmanager
def follow(params: Params, workspace: Workspace) -> Iterator[LiveRun]:
    """Follow a training of sr-lienet, which leaves a history when it ends well."""
    with follow_training(params, workspace, ITEM, RUN_KEY, {"seed": 5}, every_s=0.2) as live:
        yield live
        write_training(workspace, NUM_ROWS)


def wait_until(is_so: Callable[[], object], timeout_s: float = 60.0) -> None:
    deadline = time.monotonic() + timeout_s
    while not is_so():
        assert time.monotonic() < deadline
        time.sleep(0.1)


def find_losses(client: Any) -> list[tuple[int, float]]:
    """Return the points of the one run there is; none as long as there is none."""
    if client.get_experiment_by_name("lienet-sr") is None:
        return []
    found = list_runs(client)
    return list_points(client, found[0].info.run_id, "loss") if found else []


def test_rows_show_while_training_goes_on_and_are_there_once_at_its_end(
    params: Params, workspace: Workspace
):
    client = open_store(workspace)
    with follow(params, workspace) as live:
        for row in rows(NUM_ROWS):
            live.log_row(row)
        live.log_measurement("steps_per_s", 9.5)
        wait_until(lambda: find_losses(client) == LOSSES)
        (run,) = list_runs(client)
        assert run.info.status == "RUNNING"
        assert run.data.params == {"seed": "5"}
    (run,) = list_runs(client)
    assert run.info.status == "FINISHED"
    assert run.data.metrics["steps_per_s"] == 9.5
    counts = count_points(client, run.info.run_id)
    assert counts == {"loss": 60, "valid_psnr_db": 1, "num_params": 1, "steps_per_s": 1}


def test_a_point_keeps_the_time_at_which_it_was_logged(params: Params, workspace: Workspace):
    with follow(params, workspace) as live:
        first, last = rows(NUM_ROWS)[0], rows(NUM_ROWS)[-1]
        live.log_row(first)
        time.sleep(0.5)
        live.log_row(last)
    client = open_store(workspace)
    history = client.get_metric_history(list_runs(client)[0].info.run_id, "loss")
    times = {each.step: each.timestamp for each in history}
    assert times[10 * NUM_ROWS] - times[10] >= 500


def test_training_that_fails_or_is_stopped_says_so(params: Params, workspace: Workspace):
    for error, status in ((ValueError, "FAILED"), (KeyboardInterrupt, "KILLED")):
        with pytest.raises(error), follow(params, workspace):
            raise error
        (run,) = list_runs(open_store(workspace))
        assert run.info.status == status


def test_the_load_of_the_machine_is_among_the_metrics(
    params: Params, workspace: Workspace, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("MLFLOW_SYSTEM_METRICS_SAMPLING_INTERVAL", "0.1")
    name, client = "system/system_memory_usage_percentage", open_store(workspace)
    with follow(params, workspace):
        wait_until(lambda: client.get_experiment_by_name("lienet-sr") and list_runs(client))
        wait_until(lambda: name in list_runs(client)[0].data.metrics)
    assert 0 < list_runs(client)[0].data.metrics[name] <= 100


@pytest.mark.slow
def test_a_killed_training_that_is_resumed_has_every_point_once(
    params: Params, workspace: Workspace, repository: Path
):
    command = [sys.executable, "-c", TRAINEE, str(workspace.root), str(repository)]
    environment = dict(os.environ, PYTHONPATH=str(repository))
    killed = subprocess.run(command, check=False, env=environment, cwd=repository)
    assert killed.returncode == -signal.SIGKILL
    client = open_store(workspace)
    assert find_losses(client)
    with follow(params, workspace) as live:
        for row in rows(NUM_ROWS)[30:]:  # from the checkpoint on, some for a second time
            live.log_row(row)
    assert find_losses(client) == LOSSES
    assert list_runs(client)[0].info.status == "FINISHED"


def test_a_server_that_is_away_costs_one_warning_and_no_time(
    params: Params,
    workspace: Workspace,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
):
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://127.0.0.1:9")
    started = time.monotonic()
    with follow(params, workspace) as live:
        live.log_row(rows(NUM_ROWS)[0])
        wait_until(lambda: live.has_warned)
    assert time.monotonic() - started < 20
    assert caplog.text.count("run `lienet track` when it is back") == 1


@pytest.mark.slow
@pytest.mark.services
def test_a_server_killed_in_the_middle_of_training_ends_with_every_point_once(
    params: Params,
    tmp_path: Path,
    empty_store: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
):
    from mlflow import MlflowClient

    workspace = Workspace(tmp_path / "work")
    server = MlflowServer(tmp_path / "server", empty_store)
    monkeypatch.setenv("MLFLOW_TRACKING_URI", server.url)
    client = MlflowClient(server.url)
    with server, follow(params, workspace) as live:
        for row in rows(NUM_ROWS)[:20]:
            live.log_row(row)
        wait_until(lambda: len(find_losses(client)) == 20)
        server.kill()
        for row in rows(NUM_ROWS)[20:40]:
            live.log_row(row)
        wait_until(lambda: live.has_warned)
        server.start()
        wait_until(lambda: len(find_losses(client)) == 40)
        server.kill()
        for row in rows(NUM_ROWS)[40:]:
            live.log_row(row)
    assert caplog.text.count("run `lienet track`") == 1
    with server:
        assert track(params, workspace) == [ITEM]
        assert find_losses(client) == LOSSES
        (run,) = list_runs(client)
        assert run.info.status == "FINISHED"
        assert [each.path for each in client.list_artifacts(run.info.run_id)] == ["history.csv"]
        assert track(params, workspace) == []
        assert find_losses(client) == LOSSES
