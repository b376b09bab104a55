"""Dask: ordered, lazy, the same bytes by any number of workers, and a dead one's chunk done again.

The scheduler and the workers are processes of their own; the tests share them and run in order.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from importlib import import_module
from pathlib import Path

import pytest

from lienet import cluster as cluster_module
from lienet.cluster import describe_code, map_on_cluster, run_chunk
from lienet.errors import ImageError, ToolError
from lienet.params import Cluster, Params
from lienet.plugins import load_plugins
from lienet.stages import synthesize
from tests.loopback_cluster import LoopbackCluster
from tests.stages.studio import Studio, Tree, noise
from tests.test_executors import write_plugin

pytestmark = [pytest.mark.services, pytest.mark.xdist_group("cluster")]


@pytest.fixture(scope="module")
def crew(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LoopbackCluster]:
    """A scheduler with two workers."""
    started = LoopbackCluster(tmp_path_factory.mktemp("dask"))
    try:
        started.add_workers(2)
        yield started
    finally:
        started.close()


@pytest.fixture
def make_studio(tmp_path: Path, repository: Path) -> Callable[[str], Studio]:
    def make(name: str) -> Studio:
        root = tmp_path / name
        root.mkdir()
        studio = Studio(root, repository / "profiles" / "sample.yaml")
        studio.content["synthesize"]["shard_max_mb"] = 1
        for number in range(24):
            split = "train" if number < 20 else "test"
            studio.add(f"k{number:02d}", split, noise(number, 192, 192))
        return studio

    return make


def chunks_of(number: int, crew: LoopbackCluster, timeout_s: float = 60.0) -> Cluster:
    return Cluster(address=crew.address, chunk_images=number, timeout_s=timeout_s)


def tell_process(number: int) -> tuple[int, int]:
    time.sleep(0.05)
    return number, os.getpid()


def refuse_three(number: int) -> int:
    if number == 3:
        raise ImageError("cut short", reason="unreadable", got=number)
    return number


def die(number: int) -> int:
    if number == 2:
        os._exit(9)
    return number


class CountingItems:
    """Numbers that count how many of them were asked for."""

    def __init__(self) -> None:
        self.num_read = 0

    def __iter__(self) -> Iterator[int]:
        for value in range(1000):
            self.num_read += 1
            yield value


def test_results_come_in_order_from_every_worker(crew: LoopbackCluster):
    await_workers(crew, 2)
    results = list(
        map_on_cluster(
            tell_process, range(30), cluster=chunks_of(4, crew), num_workers=0, chunk_items=4
        )
    )
    assert [number for number, _ in results] == list(range(30))
    assert {pid for _, pid in results} == {worker.pid for worker in crew.workers}


def test_workers_are_given_the_plugins(
    crew: LoopbackCluster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    name = write_plugin(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)  # taken back when the test ends
    load_plugins([tmp_path / f"{name}.py"])
    double = import_module(name).Double()
    results = map_on_cluster(
        double, range(3), cluster=chunks_of(1, crew), num_workers=0, chunk_items=1
    )
    assert list(results) == [0, 2, 4]


def test_items_are_read_only_as_far_ahead_as_is_allowed(crew: LoopbackCluster):
    await_workers(crew, 2)
    items = CountingItems()
    results = map_on_cluster(
        refuse_three, items, cluster=chunks_of(3, crew), num_workers=0, chunk_items=2
    )
    with closing(results):
        assert next(results) == 0
        assert items.num_read == 2 * 2 * 2  # workers, chunks for each, items of a chunk


def test_an_error_arrives_in_its_place_and_whole(crew: LoopbackCluster):
    results = map_on_cluster(
        refuse_three, range(10), cluster=chunks_of(2, crew), num_workers=0, chunk_items=2
    )
    assert [next(results) for _ in range(3)] == [0, 1, 2]
    with pytest.raises(ImageError, match="cut short, got 3") as caught:
        next(results)
    assert caught.value.reason == "unreadable"


def test_a_local_cluster_is_started_and_ended_by_the_stage():
    cluster = Cluster(address="local", chunk_images=1, timeout_s=60)
    results = list(
        map_on_cluster(tell_process, range(3), cluster=cluster, num_workers=1, chunk_items=1)
    )
    assert [number for number, _ in results] == [0, 1, 2]
    (pid,) = {pid for _, pid in results}
    assert pid != os.getpid()
    deadline = time.monotonic() + 30
    while Path(f"/proc/{pid}").exists() and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not Path(f"/proc/{pid}").exists()


@pytest.mark.slow
def test_bytes_are_the_same_for_1_2_and_7_workers_and_with_one_killed_half_way(
    crew: LoopbackCluster, make_studio: Callable[[str], Studio]
):
    expected = make_studio("here").run()
    assert sum(name.startswith("train/") for name in expected) > 2
    for number in (1, 2, 7):
        while len(crew.workers) > number:
            crew.kill_worker()
        crew.add_workers(number - len(crew.workers))
        await_workers(crew, number)
        assert run_on(crew, make_studio(f"by {number}")) == expected
    studio = make_studio("killed")
    killer = threading.Thread(target=kill_once_begun, args=(crew, studio))
    killer.start()
    assert run_on(crew, studio) == expected
    killer.join()
    assert len(crew.workers) == 5


def test_a_worker_with_other_code_is_refused():
    with pytest.raises(ToolError, match=r"worker on .* runs other code .* same commit"):
        run_chunk(refuse_three, [1], "0" * 64)
    assert run_chunk(refuse_three, [1, 3], describe_code())[0] == [1]


def test_a_chunk_that_kills_its_workers_ends_the_stage(crew: LoopbackCluster):
    """Dask tries it on four of them (distributed.scheduler.allowed-failures is 3)."""
    crew.add_workers(6 - len(crew.workers))
    await_workers(crew, 6)
    results = map_on_cluster(
        die, range(9), cluster=chunks_of(1, crew), num_workers=0, chunk_items=1
    )
    with pytest.raises(ToolError, match="a chunk of images killed one Dask worker after another"):
        list(results)


def test_without_a_worker_the_stage_gives_up_in_time(crew: LoopbackCluster):
    crew.remove_workers()
    results = map_on_cluster(
        refuse_three, [1], cluster=chunks_of(1, crew, 0.5), num_workers=0, chunk_items=1
    )
    with pytest.raises(ToolError, match=r"has had no worker for 0.5 s; start `dask worker"):
        next(results)


def test_a_scheduler_that_is_lost_is_named(crew: LoopbackCluster, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(cluster_module, "_LOOK_EVERY_S", 0.2)
    crew.add_workers(1)
    await_workers(crew, 1)
    results = map_on_cluster(
        tell_process, range(100), cluster=chunks_of(1, crew, 1.0), num_workers=0, chunk_items=1
    )
    next(results)
    crew.close()
    with pytest.raises(ToolError, match=r"was lost|has had no worker"):
        list(results)


def test_where_no_scheduler_listens_it_says_how_to_go_on():
    cluster = Cluster(address="tcp://127.0.0.1:9", chunk_images=1, timeout_s=0.5)
    results = map_on_cluster(refuse_three, [1], cluster=cluster, num_workers=0, chunk_items=1)
    with pytest.raises(ToolError, match=r"no Dask scheduler answers at tcp://127.0.0.1:9; start"):
        next(results)


def await_workers(crew: LoopbackCluster, number: int) -> None:
    from distributed import Client

    with Client(crew.address) as client:
        client.wait_for_workers(number, timeout=60)


def run_on(crew: LoopbackCluster, studio: Studio) -> Tree:
    params: Params = studio.save().model_copy(update={"cluster": chunks_of(1, crew)})
    synthesize.run(params, studio.workspace, studio.task)
    return studio.read()


def kill_once_begun(crew: LoopbackCluster, studio: Studio) -> None:
    """End two of the workers as soon as the first shard is there."""
    shards_dir = studio.workspace.shards_dir(studio.task)
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        with suppress(OSError):
            if list(shards_dir.glob(".train.*.part/*.tar")):
                crew.kill_worker()
                crew.kill_worker()
                return
        time.sleep(0.005)
