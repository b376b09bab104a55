"""Fan-out: ordered, lazy, bounded, and honest about errors."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from concurrent.futures.process import BrokenProcessPool
from importlib import import_module
from pathlib import Path

import pytest

from lienet.errors import ImageError
from lienet.executors import count_workers, map_ordered
from lienet.plugins import load_plugins


def square(number: int) -> int:
    return number * number


def square_the_first_last(number: int) -> int:
    time.sleep(0.2 if number == 0 else 0.0)
    return number * number


def refuse_three(number: int) -> int:
    if number == 3:
        raise ImageError("cut short", reason="unreadable", got=number)
    return number


def tell_process(_: int) -> tuple[int, str]:
    time.sleep(0.05)
    return os.getpid(), os.environ.get("LIENET_TEST_MARK", "")


def die(number: int) -> int:
    if number == 2:
        os._exit(9)
    return number


def write_plugin(folder: Path) -> str:
    """Write a plugin with a class of functions; return the name of its module."""
    name = f"plugin_{abs(hash(folder))}"
    (folder / f"{name}.py").write_text(
        "class Double:\n    def __call__(self, number):\n        return 2 * number\n"
    )
    return name


class CountingItems:
    """Numbers that count how many of them were asked for."""

    def __init__(self, number: int) -> None:
        self.number = number
        self.num_read = 0

    def __iter__(self) -> Iterator[int]:
        for value in range(self.number):
            self.num_read += 1
            yield value


def test_workers_know_the_parts_of_a_plugin(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    name = write_plugin(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)  # taken back when the test ends
    load_plugins([tmp_path / f"{name}.py"])
    double = import_module(name).Double()
    assert list(map_ordered(double, range(4), num_workers=2)) == [0, 2, 4, 6]


@pytest.mark.parametrize("num_workers", [1, 2])
def test_results_come_in_the_order_of_the_items(num_workers: int):
    results = list(map_ordered(square_the_first_last, range(20), num_workers=num_workers))
    assert results == [number * number for number in range(20)]


@pytest.mark.parametrize("num_workers", [1, 2])
def test_no_items_give_no_results(num_workers: int):
    assert list(map_ordered(square, [], num_workers=num_workers)) == []


def test_one_worker_stays_in_this_process():
    assert {pid for pid, _ in map_ordered(tell_process, range(3), num_workers=1)} == {os.getpid()}


def test_two_workers_are_other_processes():
    pids = {pid for pid, _ in map_ordered(tell_process, range(12), num_workers=2)}
    assert os.getpid() not in pids
    assert len(pids) == 2


def test_items_are_read_only_as_far_ahead_as_is_allowed():
    items = CountingItems(1000)
    results = map_ordered(square, items, num_workers=2, in_flight_per_worker=3)
    assert next(results) == 0
    assert items.num_read == 6
    assert next(results) == 1
    assert items.num_read == 7
    results.close()  # type: ignore[attr-defined]


@pytest.mark.parametrize("num_workers", [1, 2])
def test_an_error_arrives_in_its_place_and_whole(num_workers: int):
    results = map_ordered(refuse_three, range(10), num_workers=num_workers)
    assert [next(results) for _ in range(3)] == [0, 1, 2]
    with pytest.raises(ImageError, match="cut short, got 3") as caught:
        next(results)
    assert caught.value.reason == "unreadable"


def test_items_that_break_off_are_an_error_and_not_a_hang():
    def read() -> Iterator[int]:
        yield 0
        time.sleep(0.5)  # done with by now: the pool is idle
        yield 1
        raise ImageError("cut short", reason="unreadable")

    with pytest.raises(ImageError, match="cut short"):
        list(map_ordered(square, read(), num_workers=2))


def test_a_worker_that_dies_is_an_error_and_not_a_hang():
    with pytest.raises(BrokenProcessPool):
        list(map_ordered(die, range(10), num_workers=2))


def test_zero_workers_means_every_processor_of_this_process():
    assert count_workers(0) == len(os.sched_getaffinity(0))
    assert count_workers(3) == 3
