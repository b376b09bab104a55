"""Runs that wait, are suspended or die: what Prefect shows of them, and how they go on."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from tests.flows.toy import Api, Toy, wait_until
from tests.flows.worker_process import Worker, create_run, deploy
from tests.loopback_servers import PrefectServer

pytestmark = [
    pytest.mark.services,
    pytest.mark.slow,
    pytest.mark.timeout(900),
    pytest.mark.xdist_group("prefect"),
]
PATIENCE_S = 180.0


def test_a_run_that_waits_for_the_workspace_is_pending(
    tmp_path: Path, prefect_server: PrefectServer, api: Api
):
    toy = Toy(tmp_path / "clone", {"a": []}, seconds=20.0)
    ended: list[list[str]] = []

    def run() -> None:
        ended.append(toy.run_flow(prefect_server.environment)[0])

    first, second = threading.Thread(target=run), threading.Thread(target=run)
    first.start()
    wait_until(lambda: bool(toy.times()), "the first run's stage")
    (holder,) = api.latest_runs(1)
    second.start()
    wait_until(lambda: waiting_runs(api) != [], "the second run's state")
    (waiting,) = waiting_runs(api)
    assert waiting["state_type"] == "PENDING"
    assert waiting["state"]["message"] == f"the workspace is in use by flow run {holder['id']}"
    first.join(PATIENCE_S)
    second.join(PATIENCE_S)
    assert [state[0] for state in ended] == ["COMPLETED", "COMPLETED"]


def test_choices_that_cannot_be_met_are_refused_before_the_wait(
    tmp_path: Path, prefect_server: PrefectServer
):
    toy = Toy(tmp_path / "clone", {"a": []}, seconds=60.0)
    command = [sys.executable, "-c", "from flows.pipeline import pipeline; pipeline()"]
    environment = toy.environment(**prefect_server.environment)
    with subprocess.Popen(command, cwd=toy.root, env=environment) as holder:
        try:
            wait_until(lambda: bool(toy.times()), "the holder's stage")
            asked = [{"targets": ["b"]}, {"push": True}]
            states, _ = toy.run_flows(prefect_server.environment, asked)
            assert holder.poll() is None
        finally:
            holder.send_signal(signal.SIGTERM)
    assert [state[0] for state in states] == ["FAILED", "FAILED"]
    assert states[0][2].startswith("targets must be stages of dvc.yaml, got 'b'")
    assert states[1][2].startswith("pull and push need a DVC remote")


def test_suspension_lasts_until_resumed_and_dead_attempts_leave_no_running_task(
    tmp_path: Path, prefect_server: PrefectServer, api: Api
):
    toy = Toy(tmp_path / "clone", {"a": []}, seconds=15.0)
    toy.set_flows(cancel_grace_s=3.0)
    environment = toy.environment(**prefect_server.environment)
    deployment = deploy(toy.root, environment, api)
    with Worker(toy.root, environment) as worker:
        run = create_run(api, deployment)
        wait_until(lambda: bool(toy.times()), "the stage", PATIENCE_S)
        os.kill(flow_process(toy), signal.SIGKILL)
        api.wait_for(run, "AwaitingRetry", timeout_s=PATIENCE_S)
        first = {one["state_name"] for one in api.task_runs(run)}
        assert first == {"Crashed"}
        started = toy.times()["a"]["start"]
        wait_until(lambda: toy.times()["a"]["start"] > started, "the second attempt", PATIENCE_S)
        later = create_run(api, deployment)

        suspended = {
            "type": "PAUSED",
            "name": "Suspended",
            "state_details": {"pause_reschedule": True},
        }
        answer = api.post(f"flow_runs/{run}/set_state", state=suspended)
        assert answer["status"] == "ACCEPT", answer
        wait_until(lambda: "interrupted" in toy.times()["a"], "the stage's end")
        time.sleep(25.0)
        assert api.get(f"flow_runs/{run}")["state_name"] == "Suspended", worker.log()[-3000:]
        api.post(f"flow_runs/{run}/resume")
        for one in (run, later):
            ended = api.wait_for(one, "Completed", "Failed", "Crashed", timeout_s=PATIENCE_S)
            assert ended["state_name"] == "Completed", worker.log()[-4000:]
    api.delete(f"deployments/{deployment}")


def waiting_runs(api: Api) -> list[dict[str, object]]:
    """Return the runs that wait for a workspace."""
    named = {"state": {"name": {"any_": ["AwaitingWorkspace"]}}}
    found: list[dict[str, object]] = api.post("flow_runs/filter", flow_runs=named)
    return found


def flow_process(toy: Toy) -> int:
    """Return the process of the flow run that works in a workspace."""
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            words = path.read_bytes().split(b"\0")
            folder = (path.parent / "cwd").resolve()
        except OSError:
            continue
        if b"flows.engine" in words and folder == toy.root.resolve():
            return int(path.parent.name)
    raise AssertionError("no flow process")
