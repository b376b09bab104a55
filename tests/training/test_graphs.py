"""A function that is recorded once and replayed, by a stand-in for CUDA's graphs."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
import torch
from torch import Tensor

from lienet.training.graphs import EAGER_CALLS, GraphedFunction


class Graph:
    """Repeats what was recorded: an addition, into the same outputs."""

    replays = 0

    def replay(self) -> None:
        Graph.replays += 1


@pytest.fixture
def on_a_stand_in(monkeypatch: pytest.MonkeyPatch) -> None:
    @contextmanager
    def record(graph: Graph) -> Iterator[None]:
        yield

    Graph.replays = 0
    monkeypatch.setattr(torch.cuda, "CUDAGraph", Graph)
    monkeypatch.setattr(torch.cuda, "graph", record)
    monkeypatch.setattr(
        GraphedFunction, "_run_aside", lambda self, first, second: self._work(first, second)
    )


@pytest.mark.usefixtures("on_a_stand_in")
def test_work_is_recorded_after_a_few_calls_and_then_replayed_alone():
    given: list[tuple[Tensor, Tensor]] = []

    def work(first: Tensor, second: Tensor) -> dict[str, Tensor]:
        given.append((first, second))
        return {"sum": first + second}

    graphed = GraphedFunction(work)
    for call in range(EAGER_CALLS + 3):
        told = graphed(torch.tensor([float(call)]), torch.tensor([1.0]))
        if call < EAGER_CALLS:
            assert told["sum"].item() == call + 1
    assert len(given) == EAGER_CALLS + 1
    assert Graph.replays == 3
    first, second = given[-1]  # a replay reads the newest inputs where the recorded ones lay
    assert (first.item(), second.item()) == (EAGER_CALLS + 2, 1.0)


@pytest.mark.usefixtures("on_a_stand_in")
def test_work_that_cannot_be_recorded_stays_as_it_is(caplog: pytest.LogCaptureFixture):
    calls = 0

    def work(first: Tensor, second: Tensor) -> dict[str, Tensor]:
        nonlocal calls
        calls += 1
        if calls == EAGER_CALLS + 1:
            raise RuntimeError("operation not permitted when stream is capturing\nand more")
        return {"sum": first + second}

    graphed = GraphedFunction(work)
    sums = [graphed(torch.tensor(float(call)), torch.tensor(1.0))["sum"] for call in range(9)]
    assert [value.item() for value in sums] == [call + 1 for call in range(9)]
    assert Graph.replays == 0
    assert caplog.messages == [
        "steps are not repeated from a CUDA graph: operation not permitted when stream is capturing"
    ]


@pytest.mark.gpu
def test_replays_on_a_gpu_follow_inputs_and_state():
    state = torch.zeros(1, device="cuda")

    def work(first: Tensor, second: Tensor) -> dict[str, Tensor]:
        state.add_(first)
        return {"sum": state * second}

    graphed = GraphedFunction(work)
    sums = [
        graphed(torch.ones(1, device="cuda"), torch.full((1,), 2.0, device="cuda"))["sum"].item()
        for _ in range(EAGER_CALLS + 3)
    ]
    assert sums == [2.0 * (call + 1) for call in range(EAGER_CALLS + 3)]
