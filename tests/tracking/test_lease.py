from __future__ import annotations

import shutil
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from lienet.errors import ToolError
from lienet.tracking.lease import OWNER_TAG, hold_lease
from lienet.tracking.store import connect

if TYPE_CHECKING:
    from mlflow import MlflowClient

NAME = "lienet-sr"
LEASE = f"{NAME}.lock"


@pytest.fixture
def client(tmp_path: Path, empty_store: Path) -> MlflowClient:
    shutil.copy(empty_store, tmp_path / "mlflow.db")
    return connect(f"sqlite:///{tmp_path / 'mlflow.db'}", tmp_path)


def list_names(client: MlflowClient) -> list[str]:
    return [found.name for found in client.search_registered_models()]


def leave_behind(client: MlflowClient, state_dir: Path) -> None:
    """Make a lease that its holder did not live to give back."""
    with hold_lease(client, state_dir, NAME):
        owner = client.get_registered_model(LEASE).tags[OWNER_TAG]
    client.create_registered_model(LEASE, tags={OWNER_TAG: owner})


def test_it_is_there_while_the_body_runs_and_tells_nothing_of_the_machine(
    client: MlflowClient, tmp_path: Path
):
    with hold_lease(client, tmp_path / "a", NAME) as confirm:
        assert list_names(client) == [LEASE]
        confirm()
        owner = client.get_registered_model(LEASE).tags[OWNER_TAG]
        assert str(tmp_path) not in owner
    assert list_names(client) == []


def test_another_workspace_waits_its_turn(client: MlflowClient, tmp_path: Path):
    order: list[str] = []
    is_held, may_end = threading.Event(), threading.Event()

    def hold_first() -> None:
        with hold_lease(client, tmp_path / "a", NAME):
            is_held.set()
            assert may_end.wait(60)
            order.append("first")

    def hold_second() -> None:
        with hold_lease(client, tmp_path / "b", NAME):
            order.append("second")

    threads = [threading.Thread(target=work) for work in (hold_first, hold_second)]
    threads[0].start()
    assert is_held.wait(60)
    threads[1].start()
    time.sleep(0.7)
    assert order == []
    may_end.set()
    for thread in threads:
        thread.join(60)
    assert order == ["first", "second"]


def test_what_this_workspace_left_behind_is_taken_away_at_once(
    client: MlflowClient, tmp_path: Path
):
    leave_behind(client, tmp_path / "a")
    with hold_lease(client, tmp_path / "a", NAME, stale_s=1e6):
        pass
    assert list_names(client) == []


def test_what_another_left_behind_is_taken_away_after_a_while(client: MlflowClient, tmp_path: Path):
    leave_behind(client, tmp_path / "a")
    started = time.monotonic()
    with hold_lease(client, tmp_path / "b", NAME, stale_s=0.5):
        assert time.monotonic() - started > 0.5
    assert list_names(client) == []


def test_who_lost_it_is_told_and_deletes_nobody_elses(client: MlflowClient, tmp_path: Path):
    with hold_lease(client, tmp_path / "a", NAME) as confirm:
        client.set_registered_model_tag(LEASE, OWNER_TAG, "another/1")
        with pytest.raises(ToolError, match="the lease on lienet-sr was taken away; run it again"):
            confirm()
    assert list_names(client) == [LEASE]
