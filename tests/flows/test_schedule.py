"""Stages start as soon as their inputs are done and their slots are free, and not before."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from flows.graph import Graph
from flows.schedule import Outcome, Schedule

# train@a and train@b wait for data; report for both.
INPUTS = {
    "data": frozenset[str](),
    "train@a": frozenset({"data"}),
    "train@b": frozenset({"data"}),
    "report": frozenset({"train@a", "train@b"}),
}


def tags(stage: str) -> tuple[str, ...]:
    return ("cpu", "gpu") if stage.startswith("train") else ("cpu",)


def test_independent_stages_start_together_where_there_are_slots():
    schedule = Schedule(Graph(INPUTS), {"cpu": 4, "gpu": 2}, tags)
    assert schedule.take_ready() == ["data"]
    assert schedule.take_ready() == []
    schedule.finish("data", Outcome.RAN)
    assert set(schedule.take_ready()) == {"train@a", "train@b"}


def test_one_gpu_trains_one_at_a_time():
    schedule = Schedule(Graph(INPUTS), {"cpu": 4, "gpu": 1}, tags)
    schedule.take_ready()
    schedule.finish("data", Outcome.CACHED)
    (first,) = schedule.take_ready()
    assert schedule.take_ready() == []
    schedule.finish(first, Outcome.RAN)
    assert len(schedule.take_ready()) == 1


def test_a_failure_costs_what_depends_on_it_and_nothing_else():
    schedule = Schedule(Graph(INPUTS), {"cpu": 4}, tags)
    schedule.take_ready()
    schedule.finish("data", Outcome.RAN)
    schedule.take_ready()
    assert schedule.finish("train@a", Outcome.FAILED) == {"report"}
    assert not schedule.is_over
    schedule.finish("train@b", Outcome.RAN)
    assert schedule.is_over
    assert schedule.outcomes["report"] is Outcome.NOT_RUN


def test_stages_that_are_up_to_date_need_no_slot():
    graph = Graph({name: frozenset() for name in "abcd"})
    schedule = Schedule(graph, {"cpu": 1}, tags)
    assert sorted(schedule.take_ready(free=frozenset("abc"))) == ["a", "b", "c", "d"]


def test_what_most_hangs_on_comes_first():
    inputs = {"leaf": frozenset(), "root": frozenset(), "middle": {"root"}, "end": {"middle"}}
    graph = Graph({stage: frozenset(its) for stage, its in inputs.items()})
    assert Schedule(graph, {"cpu": 1}, tags).take_ready() == ["root"]


@st.composite
def graphs(draw: st.DrawFn) -> Graph:
    names = [f"s{number}" for number in range(draw(st.integers(1, 9)))]
    return Graph(
        {
            name: frozenset(draw(st.sets(st.sampled_from(names[:place])))) if place else frozenset()
            for place, name in enumerate(names)
        }
    )


@given(graphs(), st.integers(1, 3), st.randoms())
def test_every_stage_ends_once_after_its_inputs_within_the_slots(graph, num_slots, random):
    schedule = Schedule(graph, {"cpu": num_slots}, tags)
    order: list[str] = []
    while not schedule.is_over:
        schedule.take_ready()
        assert 0 < len(schedule.running) <= num_slots
        stage = random.choice(sorted(schedule.running))
        outcome = random.choice([Outcome.RAN, Outcome.RAN, Outcome.CACHED, Outcome.FAILED])
        assert all(schedule.outcomes[one].is_done for one in graph.inputs[stage])
        schedule.finish(stage, outcome)
        order.append(stage)
    assert len(order) == len(set(order))
    for stage, outcome in schedule.outcomes.items():
        is_lost = any(not schedule.outcomes[one].is_done for one in graph.inputs[stage])
        assert (outcome is Outcome.NOT_RUN) == is_lost
