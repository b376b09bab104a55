"""Stages run side by side without a server, each after those that it waits for."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from flows.commands import Finished
from flows.graph import Graph
from flows.side_by_side import run_graph, share_cores
from lienet.errors import ToolError
from tests.flows.toy import Toy, wait_until

DIAMOND = {"a": [], "b": ["a"], "c": ["a"], "d": ["b", "c"]}
COMMAND = (sys.executable, "-m", "flows.side_by_side")


def start(toy: Toy, *words: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [*COMMAND, *words],
        cwd=toy.root,
        env=toy.environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


def run(toy: Toy, *words: str) -> tuple[int, str, str]:
    process = start(toy, *words)
    output, errors = process.communicate(timeout=120)
    return process.returncode, output, errors


def test_every_stage_runs_after_its_inputs_and_a_second_run_finds_nothing_to_do(tmp_path: Path):
    toy = Toy(tmp_path / "clone", DIAMOND)
    code, output, errors = run(toy, "-j", "2")
    assert (code, errors) == (0, "")
    times = toy.times()
    assert times["b"]["start"] >= times["a"]["end"]
    assert times["d"]["start"] >= max(times["b"]["end"], times["c"]["end"])
    assert "c  c is at work" in output
    assert output.endswith("4 stages were brought up to date\n")
    assert run(toy) == (0, "everything is up to date\n", "")


def test_targets_run_with_what_they_wait_for_and_nothing_else(tmp_path: Path):
    toy = Toy(tmp_path / "clone", DIAMOND)
    code, _, _ = run(toy, "b")
    assert code == 0
    assert toy.times().keys() == {"a", "b"}
    code, _, errors = run(toy, "x")
    assert code == 1
    assert "targets must be stages of dvc.yaml, got 'x'" in errors


def test_a_target_that_is_no_stage_is_refused_where_nothing_is_stale_as_well(tmp_path: Path):
    toy = Toy(tmp_path / "clone", {"a": []})
    assert run(toy)[0] == 0
    code, _, errors = run(toy, "x")
    assert (code, "targets must be stages of dvc.yaml, got 'x'" in errors) == (1, True)
    code, _, errors = run(toy, "--jobs", "-1")
    assert (code, "--jobs must be 0 or more, got -1" in errors) == (2, True)


def test_a_failed_stage_is_told_in_one_line_and_nothing_new_begins(tmp_path: Path):
    toy = Toy(tmp_path / "clone", DIAMOND, outcomes={"b": "fails"})
    code, _, errors = run(toy, "-j", "1")
    assert code == 1
    assert errors == "b failed: b met with a mishap\n"
    assert "d" not in toy.times()


def test_an_interrupt_ends_what_runs(tmp_path: Path):
    toy = Toy(tmp_path / "clone", {"a": []}, seconds=60.0)
    process = start(toy)
    wait_until(lambda: "start" in toy.times().get("a", {}), "the stage's start")
    os.kill(process.pid, signal.SIGINT)
    process.communicate(timeout=50)  # less than the stage would take
    assert process.returncode == 130
    assert "interrupted" in toy.times()["a"]


def test_stages_at_once_share_the_cores_unless_the_user_says_otherwise(
    monkeypatch: pytest.MonkeyPatch,
):
    monkeypatch.setattr(os, "cpu_count", lambda: 8)
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    assert share_cores(2) == {"OMP_NUM_THREADS": "4"}
    assert share_cores(16) == {"OMP_NUM_THREADS": "1"}
    monkeypatch.setenv("OMP_NUM_THREADS", "3")
    assert share_cores(2) == {}


def test_stages_that_do_not_wait_for_each_other_run_at_once():
    meeting = threading.Barrier(2)

    def job(stage: str) -> Finished:
        if stage in ("b", "c"):
            meeting.wait(timeout=20)
        return Finished(0, ())

    run_graph(Graph({one: frozenset(its) for one, its in DIAMOND.items()}), job, meeting.abort, 2)
    assert meeting.n_waiting == 0


@pytest.mark.parametrize("num_jobs", [1, 2])
def test_only_so_many_run_at_once_and_those_that_wait_are_dropped_at_a_failure(num_jobs: int):
    begun: list[str] = []

    def job(stage: str) -> Finished:
        begun.append(stage)
        return Finished(1 if stage == "a" else 0, (f"{stage} ended",))

    graph = Graph({name: frozenset() for name in "abcdefgh"})
    with pytest.raises(ToolError, match="a failed: a ended"):
        run_graph(graph, job, lambda: None, num_jobs)
    assert len(begun) <= 1 + num_jobs + 1
