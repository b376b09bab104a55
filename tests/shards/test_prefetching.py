"""Batches drawn ahead are the source's own, whatever step is asked for."""

from __future__ import annotations

import threading

import numpy as np
import pytest

from lienet.errors import DataError
from lienet.shards.pairs import Pair
from lienet.shards.patch_sampling import BatchRequest
from lienet.shards.patches import PatchStore
from lienet.shards.prefetching import PrefetchedPatches


class Noted(PatchStore):
    """A source that notes which steps were drawn, and in which thread."""

    def __init__(self, broken_step: int | None = None) -> None:
        self.drawn: list[tuple[int, str]] = []
        self.is_drawn = threading.Event()
        self.broken_step = broken_step

    def draw(self, asked: BatchRequest) -> Pair:
        step = asked.step
        if step == self.broken_step:
            raise DataError("a shard is broken")
        self.drawn.append((step, threading.current_thread().name))
        self.is_drawn.set()
        return np.full(1, step, np.uint8), np.full(1, step, np.uint8)


def draw(patches: PrefetchedPatches, step: int) -> int:
    return int(patches.draw(BatchRequest(1, step, 2, 8))[0][0])


def test_each_step_is_drawn_once_and_one_ahead():
    source = Noted()
    patches = PrefetchedPatches(source)
    for step in range(3):
        assert draw(patches, step) == step
    source.is_drawn.clear()
    assert source.drawn[-1][0] == 3 or source.is_drawn.wait(10)
    assert [step for step, _ in source.drawn] == [0, 1, 2, 3]
    assert {name for _, name in source.drawn} == {"prefetch_0"}


def test_a_run_may_begin_at_any_step_and_go_back():
    patches = PrefetchedPatches(Noted())
    assert [draw(patches, step) for step in (7, 8, 2, 3)] == [7, 8, 2, 3]


def test_an_error_comes_with_the_step_that_it_is_of():
    patches = PrefetchedPatches(Noted(broken_step=1))
    assert draw(patches, 0) == 0
    with pytest.raises(DataError, match="a shard is broken"):
        draw(patches, 1)
