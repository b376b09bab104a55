"""The background thread ends with its context, and its errors reach the caller."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from lienet.transfer.engine import Engine
from lienet.transfer.fetching import Fetcher
from lienet.transfer.requests import FetchResult, RemoteFile
from tests.transfer.faults import FaultServer
from tests.transfer.limits import LIMITS


def wait_for(engine: Engine, number: int) -> list[FetchResult]:
    """Return so many results."""
    results: list[FetchResult] = []
    while len(results) < number:
        came = engine.wait(10.0)
        assert came, "nothing came for ten seconds"
        results += came
    return results


def test_files_go_in_and_results_come_out(server: FaultServer, tmp_path: Path):
    came: list[int] = []
    with Engine(tmp_path, LIMITS, count_bytes=came.append) as engine:
        assert engine.wait(0.01) == []
        engine.submit(
            [RemoteFile(server.url("ok", number), f"{number}.jpg") for number in range(5)]
        )
        results = wait_for(engine, 5)
    assert {result.status for result in results} == {"fetched"}
    assert sum(came) == sum(path.stat().st_size for path in tmp_path.iterdir())


def test_thread_ends_in_the_middle_of_a_transfer(server: FaultServer, tmp_path: Path):
    with Engine(tmp_path, LIMITS) as engine:
        engine.submit([RemoteFile(server.url("silent", 1), "a.jpg")])
        assert engine.wait(0.05) == []
    assert "transfers" not in {thread.name for thread in threading.enumerate()}


def test_name_may_come_again_after_its_result(server: FaultServer, tmp_path: Path):
    file = RemoteFile(server.url("ok", 2), "a.jpg")
    with Engine(tmp_path, LIMITS) as engine:
        engine.submit([file, file])
        reasons = {result.reason for result in wait_for(engine, 2)}
        engine.submit([file])
        (last,) = wait_for(engine, 1)
    assert reasons == {"", "duplicate name"}
    assert last.status == "present"


@pytest.mark.parametrize("error", [OSError(28, "full"), ZeroDivisionError("a mistake")])
def test_error_in_the_thread_is_raised_by_wait(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: Exception
):
    async def fail(self: Fetcher, file: RemoteFile, *, has_traces: bool) -> FetchResult:
        raise error

    monkeypatch.setattr(Fetcher, "fetch", fail)
    with Engine(tmp_path, LIMITS) as engine:
        engine.submit([RemoteFile("http://127.0.0.1:9/a", "a.jpg")])
        with pytest.raises(type(error), match=str(error.args[-1])):
            engine.wait(10.0)


def test_error_of_the_client_is_raised_by_wait(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    def fail(limits: object) -> None:
        raise ImportError("no such transport")

    monkeypatch.setattr("lienet.transfer.http_client.HttpClient", fail)
    with Engine(tmp_path, LIMITS) as engine, pytest.raises(ImportError, match="no such transport"):
        engine.wait(10.0)
