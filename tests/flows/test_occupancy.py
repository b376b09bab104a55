"""One run to a workspace; what is alive is told from what is dead by locks alone."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from flows.occupancy import (
    InUseError,
    find_root,
    finding_dead_runs,
    holding_workspace,
    noting_run,
)
from lienet.errors import InputError
from tests.flows.toy import ROOT

HOLD = """
import sys
from pathlib import Path
from flows.occupancy import holding_workspace, noting_run
with noting_run(Path.cwd(), "other"), holding_workspace(Path.cwd(), "other", waits=True):
    print("held", flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def other(tmp_path: Path):
    """Another process that holds the workspace until its input is closed."""
    with subprocess.Popen(
        [sys.executable, "-c", HOLD],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        yield process
        process.kill()


def test_a_run_that_may_not_wait_is_told_who_has_the_workspace(tmp_path: Path, other):
    with (
        pytest.raises(InUseError, match="in use by flow run other"),
        holding_workspace(tmp_path, "mine", waits=False),
    ):
        pass


def test_a_run_that_waits_says_so_and_gets_its_turn(tmp_path: Path, other):
    told: list[str] = []

    def hear(holder: str) -> None:
        told.append(holder)
        other.stdin.close()

    with holding_workspace(tmp_path, "mine", waits=True, on_wait=hear):
        assert told == ["other"]


def test_a_killed_run_is_found_dead_and_holds_nothing(tmp_path: Path, other):
    with finding_dead_runs(tmp_path) as dead:
        assert dead == []
    other.kill()
    other.wait()
    with holding_workspace(tmp_path, "mine", waits=False):
        pass
    with finding_dead_runs(tmp_path) as dead:
        assert [run.run_id for run in dead] == ["other"]
        dead[0].forget()
    with finding_dead_runs(tmp_path) as dead:
        assert dead == []


def test_what_a_dead_run_left_to_end_is_waited_for(tmp_path: Path):
    read_end, write_end = os.pipe()
    with noting_run(tmp_path, "dead"), holding_workspace(tmp_path, "dead", waits=False) as lock:
        # A guard, that has the lock and outlives its run by a second.
        guard = subprocess.Popen(["sleep", "1"], pass_fds=(lock,))
        os.close(read_end)
    os.close(write_end)
    (tmp_path / "data/state/flows/workspace.lock").write_text("dead")
    (tmp_path / "data/state/flows/runs/dead.json").write_text("{}")
    with holding_workspace(tmp_path, "mine", waits=False):
        assert guard.poll() is not None or guard.wait(1) is not None
    guard.wait()


def test_only_a_run_that_is_ended_from_outside_leaves_a_note(tmp_path: Path):
    notes = tmp_path / "data/state/flows/runs"
    with noting_run(tmp_path, "done"):
        assert (notes / "done.json").is_file()
    with pytest.raises(ValueError, match="mishap"), noting_run(tmp_path, "failed"):
        raise ValueError("mishap")
    assert list(notes.iterdir()) == []
    with pytest.raises(KeyboardInterrupt), noting_run(tmp_path, "ended"):
        raise KeyboardInterrupt
    assert [path.name for path in notes.iterdir()] == ["ended.json"]


def test_the_workspace_is_where_params_and_graph_are(tmp_path: Path):
    with pytest.raises(InputError, match=r"no params.yaml and dvc.yaml here or above"):
        find_root(tmp_path)
    for name in ("params.yaml", "dvc.yaml"):
        (tmp_path / name).touch()
    (tmp_path / "deep" / "down").mkdir(parents=True)
    assert find_root(tmp_path / "deep" / "down") == tmp_path.resolve()
