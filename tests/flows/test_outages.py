"""Prefect's server goes away and comes back: requests wait for it, and runs end as they would."""

from __future__ import annotations

import random
import threading
import time
from pathlib import Path

import httpx
import pytest

from flows.outages import send_when_there
from flows.server import server_environment
from flows.server_access import Access
from tests.flows.toy import Api, Toy, wait_until
from tests.loopback_servers import PrefectServer

REQUEST = httpx.Request("GET", "http://127.0.0.1:1/api/health")
ARMS = {"a@1": [], "b@1": [], "c@1": ["a@1"], "d@1": ["c@1"], "e": ["b@1", "d@1"]}


class Server:
    """A server that is away for some requests."""

    def __init__(self, num_away: int, error: Exception) -> None:
        self.num_away, self.error = num_away, error

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.num_away -= 1
        if self.num_away >= 0:
            raise self.error
        return httpx.Response(200, request=request)


def test_a_request_is_sent_when_the_server_is_back():
    server = Server(2, httpx.ConnectError("refused"))
    assert send_when_there(server, REQUEST).status_code == 200
    assert server.num_away == -1


def test_waiting_ends_when_the_server_stays_away():
    with pytest.raises(httpx.ConnectError, match="refused"):
        send_when_there(Server(9, httpx.ConnectError("refused")), REQUEST, longest_s=0.0)


def test_a_request_that_may_have_been_received_is_not_sent_again_here():
    server = Server(1, httpx.ReadError("cut"))
    with pytest.raises(httpx.ReadError, match="cut"):
        send_when_there(server, REQUEST)
    assert server.num_away == 0


@pytest.mark.services
@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.xdist_group("prefect")
@pytest.mark.parametrize(("pauses_s", "seconds"), [((25.0,), 8.0), ((1.0,) * 10, 20.0)])
def test_a_run_outlives_outages(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, pauses_s: tuple[float], seconds: float
):
    for name, value in server_environment(tmp_path, Access()).items():
        if "LEASE_STORAGE" in name:  # by itself, Prefect forgets who has slots
            monkeypatch.setenv(name, value)
    toy = Toy(tmp_path / "clone", ARMS, seconds=seconds)
    toy.set_flows(cpu_slots=2)
    found: list[tuple[list[str], str]] = []
    chance = random.Random(20260)
    with PrefectServer(tmp_path / "prefect") as server:
        api = Api(server.environment)
        api.post("v2/concurrency_limits/", name="cpu", limit=2)
        runner = threading.Thread(target=lambda: found.append(toy.run_flow(server.environment)))
        runner.start()
        wait_until(lambda: bool(toy.times()), "the first stage")
        for pause_s in pauses_s:
            time.sleep(chance.uniform(0.0, 4.0))
            server.kill()
            time.sleep(pause_s)
            server.start()
        runner.join(600)
        ((state, output),) = found
        assert state[::2] == ["COMPLETED", "5 stages ran, 0 were cached"], output[-4000:]
        (run,) = api.latest_runs(1)
        assert run["state_name"] == "Completed"
        expected = dict.fromkeys(ARMS, "Completed")
        wait_until(lambda: api.task_states(run["id"]) == expected, "the tasks' states", 90.0)
