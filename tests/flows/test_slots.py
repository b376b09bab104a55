"""Slots: how many stages run at once, and who waits for what."""

from __future__ import annotations

import os
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from prefect.client.orchestration import get_client
from prefect.settings import PREFECT_API_URL, temporary_settings

from flows import slots
from flows.slots import Slots, count_slots, list_slots, read_limits
from lienet.params import load_params
from tests.loopback_servers import PrefectServer


def test_no_more_stages_run_at_once_than_there_are_slots():
    slots = Slots({"cpu": 2})
    running, most = 0, 0
    lock, both_in = threading.Lock(), threading.Barrier(2, timeout=30)

    def run(_: int) -> None:
        nonlocal running, most
        with slots.take(["cpu"]):
            with lock:
                running += 1
                most = max(most, running)
            both_in.wait()
            with lock:
                running -= 1

    with ThreadPoolExecutor(6) as pool:
        list(pool.map(run, range(6)))
    assert most == 2


def test_waiting_for_the_gpu_leaves_the_cpu_to_others(repository: Path):
    params = load_params(repository / "profiles" / "sample.yaml")
    slots = Slots({"cpu": 2, "gpu": 1})
    training = list_slots("train@b", params, has_gpu=True)
    waiting = threading.Thread(target=lambda: slots.take(training).__enter__(), daemon=True)
    with slots.take(list_slots("train@a", params, has_gpu=True)):
        waiting.start()
        waiting.join(0.2)
        assert waiting.is_alive()
        with slots.take(list_slots("evaluate@a", params, has_gpu=True)):
            pass
    waiting.join(30)
    assert not waiting.is_alive()


def test_a_failed_stage_gives_its_slots_back():
    slots = Slots({"cpu": 1})
    with pytest.raises(ValueError, match="failed"), slots.take(["cpu"]):
        raise ValueError("failed")
    with slots.take(["cpu"]):
        pass


def test_training_takes_the_gpu_where_there_is_one(repository: Path):
    params = load_params(repository / "profiles" / "sample.yaml")
    assert list_slots("train@a", params, has_gpu=True) == ("gpu", "cpu")
    assert list_slots("train@a", params, has_gpu=False) == ("cpu",)
    assert list_slots("evaluate@a", params, has_gpu=True) == ("cpu",)


def test_zero_cpu_slots_means_one_for_each_core(repository: Path):
    flows = load_params(repository / "profiles" / "sample.yaml").flows
    counts = count_slots(flows.model_copy(update={"cpu_slots": 0}))
    assert counts == {"cpu": os.cpu_count(), "gpu": flows.gpu_slots}
    assert count_slots(flows.model_copy(update={"cpu_slots": 7}))["cpu"] == 7


@pytest.mark.services
@pytest.mark.slow
@pytest.mark.xdist_group("prefect")
def test_slots_are_shared_through_the_limits_of_the_server(prefect_server: PrefectServer):
    url = prefect_server.environment["PREFECT_API_URL"]
    with temporary_settings({PREFECT_API_URL: url}), get_client(sync_client=True) as client:
        client.upsert_global_concurrency_limit_by_name("shared", 1)
        assert "shared" in read_limits()
        with Slots({"shared": 5}, read_limits()).take(["shared"]):
            limit = client.read_global_concurrency_limit_by_name("shared")
            assert limit.active_slots == 1
        limit = client.read_global_concurrency_limit_by_name("shared")
        assert limit.active_slots == 0


@pytest.mark.services
@pytest.mark.slow
@pytest.mark.xdist_group("prefect")
def test_nobody_waits_for_the_server_when_the_run_has_ended(
    prefect_server: PrefectServer, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(slots, "_LOOK_EVERY_S", 1.0)
    url = prefect_server.environment["PREFECT_API_URL"]
    ended = threading.Event()
    with temporary_settings({PREFECT_API_URL: url}), get_client(sync_client=True) as client:
        client.upsert_global_concurrency_limit_by_name("taken", 1)
        threading.Timer(4.0, ended.set).start()
        with Slots({"taken": 1}, ["taken"]).take(["taken"]):
            with Slots({"taken": 1}, ["taken"], ended.is_set).take(["taken"]):
                assert ended.is_set()
            limit = client.read_global_concurrency_limit_by_name("taken")
            assert limit.active_slots == 1
