from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

import pytest

from lienet.tracking.delivery import Courier
from lienet.tracking.journal import Journal
from lienet.workspace import Workspace

HEADER = {"experiment": "lienet-sr", "name": "small", "run_key": "ab12"}


class Server:
    """An MLflow that remembers what it was sent, refuses bad names and can be away."""

    def __init__(self) -> None:
        self.is_away = False
        self.num_requests = 0
        self.points: set[tuple[str, float, int, int]] = set()
        self.params: dict[str, str] = {}
        self.tags: dict[str, str] = {}
        self.files: dict[str, bytes] = {}
        self.statuses: list[str] = []

    def log_batch(self, run_id: str, metrics: Any = (), params: Any = (), tags: Any = ()) -> None:
        from mlflow.exceptions import MlflowException
        from mlflow.protos.databricks_pb2 import INVALID_PARAMETER_VALUE

        self._answer()
        assert len(metrics) <= 1000
        assert len(params) <= 100
        for metric in metrics:
            if "*" in metric.key:
                raise MlflowException(f"bad name {metric.key}", INVALID_PARAMETER_VALUE)
        self.points |= {(one.key, one.value, one.timestamp, one.step) for one in metrics}
        self.params |= {one.key: one.value for one in params}
        self.tags |= {one.key: one.value for one in tags}

    def log_artifact(self, run_id: str, path: str, folder: str | None) -> None:
        self._answer()
        self.files[f"{folder}/{Path(path).name}"] = Path(path).read_bytes()

    def update_run(self, run_id: str, status: str) -> None:
        self._answer()
        self.statuses.append(status)

    def set_terminated(self, run_id: str, status: str, end_time: int) -> None:
        self.update_run(run_id, status)

    def find(self) -> str:
        self._answer()
        return "e"

    def search_runs(self, experiment_ids: list[str], **options: Any) -> list[Any]:
        return []

    def create_run(self, experiment_id: str, **options: Any) -> Any:
        class Run:
            class info:  # noqa: N801
                run_id = "r"

        return Run

    def _answer(self) -> None:
        self.num_requests += 1
        if self.is_away:
            raise ConnectionError("connection refused")


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Server:
    made = Server()
    monkeypatch.setattr("lienet.tracking.delivery.connect", lambda uri, state_dir: made)
    monkeypatch.setattr("lienet.tracking.delivery.find_experiment", lambda *given: made.find())
    return made


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    return Workspace(tmp_path)


def _open(workspace: Workspace, stem: str = "a") -> Journal:
    return Journal.open(workspace.state_dir / "tracking", stem, {**HEADER, "name": stem})


def _log(journal: Journal, steps: range, **others: object) -> None:
    for step in steps:
        journal.append({"metrics": {"loss": step / 2, **others}, "step": step, "time_ms": step})


def test_everything_arrives_in_few_requests_and_the_journal_goes(
    server: Server, workspace: Workspace
):
    journal = _open(workspace)
    journal.append({"status": "RUNNING", "time_ms": 1})
    for part in range(3):
        journal.append({"params": {f"p{part}_{n}": str(n) for n in range(60)}})
    journal.append({"tags": {"t": "old"}})
    journal.append({"tags": {"t": "new"}})
    _log(journal, range(2000))
    journal.append({"status": "FINISHED", "time_ms": 2})
    Courier(workspace, journal, retry_s=60).close()
    assert server.points == {("loss", step / 2, step, step) for step in range(2000)}
    assert len(server.params) == 180
    assert server.tags == {"t": "new"}
    assert server.statuses == ["RUNNING", "FINISHED"]
    assert server.num_requests < 15
    assert list((workspace.state_dir / "tracking").iterdir()) == []


def test_artifacts_arrive_as_they_were_logged(server: Server, workspace: Workspace):
    journal = _open(workspace)
    path = workspace.root / "history.csv"
    path.write_text("one")
    journal.append({"artifact": journal.attach(path), "folder": "model"})
    path.write_text("two")
    Courier(workspace, journal, retry_s=60).close()
    assert server.files == {"model/history.csv": b"one"}


def test_a_refused_record_is_named_and_the_rest_arrives(
    server: Server, workspace: Workspace, caplog: pytest.LogCaptureFixture
):
    journal = _open(workspace)
    _log(journal, range(3), **{"bad*name": 1.0})
    Courier(workspace, journal, retry_s=60).close()
    assert server.points == {("loss", step / 2, step, step) for step in range(3)}
    assert caplog.text.count("bad name bad*name") == 3
    assert not journal.path.exists()


def test_a_server_away_gives_one_warning_and_keeps_all(
    server: Server, workspace: Workspace, caplog: pytest.LogCaptureFixture
):
    server.is_away = True
    journal = _open(workspace)
    _log(journal, range(5))
    with caplog.at_level(logging.INFO):
        courier = Courier(workspace, journal, retry_s=0.01)
        while server.num_requests < 5:
            pass
        courier.close()
    assert caplog.text.count("cannot be reached (connection refused)") == 1
    assert caplog.text.count("is kept in") == 1
    assert journal.path.exists()


def test_the_next_courier_delivers_what_others_left_but_not_what_they_hold(
    server: Server, workspace: Workspace
):
    left, held, own = (_open(workspace, stem) for stem in ("left", "held", "own"))
    _log(left, range(5))
    left.close()
    _log(held, range(10, 15))
    _log(own, range(20, 25))
    Courier(workspace, own, retry_s=60).close()
    assert {point[3] for point in server.points} == {*range(5), *range(20, 25)}
    assert [path.name for path in own.path.parent.glob("*.jsonl")] == ["held.jsonl"]


def test_a_server_that_comes_back_gets_the_rest_while_the_run_goes_on(
    server: Server, workspace: Workspace
):
    journal = _open(workspace)
    courier = Courier(workspace, journal, retry_s=0.01)
    _log(journal, range(5))
    server.is_away = True
    _log(journal, range(5, 10))
    server.is_away = False
    _log(journal, range(10, 15))
    while len(server.points) < 15:
        pass
    courier.close()
    assert {point[3] for point in server.points} == set(range(15))
