"""One run at a time in a workspace; locks tell dead runs from live ones."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from flows.occupancy import (
    InUseError,
    finding_dead_runs,
    holding_workspace,
    noting_run,
)
from lienet.workspace import Workspace
from tests.flows.toy import ROOT

HOLD = """
import sys
from pathlib import Path
from flows.occupancy import holding_workspace, noting_run
from lienet.workspace import Workspace
workspace = Workspace(Path.cwd())
with noting_run(workspace, "other"), holding_workspace(workspace, "other", waits=True):
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


def test_a_run_that_may_not_wait_gets_an_error_with_the_holder(tmp_path: Path, other):
    with (
        pytest.raises(InUseError, match="in use by flow run other"),
        holding_workspace(Workspace(tmp_path), "mine", waits=False),
    ):
        pass


def test_a_run_that_waits_names_the_holder_and_gets_the_workspace(tmp_path: Path, other):
    holders: list[str] = []

    def note(holder: str) -> None:
        holders.append(holder)
        other.stdin.close()

    with holding_workspace(Workspace(tmp_path), "mine", waits=True, on_wait=note):
        assert holders == ["other"]


def test_a_killed_run_is_found_and_holds_no_lock(tmp_path: Path, other):
    with finding_dead_runs(Workspace(tmp_path)) as dead:
        assert dead == []
    other.kill()
    other.wait()
    with holding_workspace(Workspace(tmp_path), "mine", waits=False):
        pass
    with finding_dead_runs(Workspace(tmp_path)) as dead:
        assert [run.run_id for run in dead] == ["other"]
        dead[0].forget()
    with finding_dead_runs(Workspace(tmp_path)) as dead:
        assert dead == []


def test_commands_that_outlive_their_run_are_waited_for(tmp_path: Path):
    read_end, write_end = os.pipe()
    with (
        noting_run(Workspace(tmp_path), "dead"),
        holding_workspace(Workspace(tmp_path), "dead", waits=False) as lock,
    ):
        # A guard, that has the lock and outlives its run by a second.
        guard = subprocess.Popen(["sleep", "1"], pass_fds=(lock,))
        os.close(read_end)
    os.close(write_end)
    (tmp_path / "data/state/flows/workspace.lock").write_text("dead")
    (tmp_path / "data/state/flows/runs/dead.json").write_text("{}")
    with holding_workspace(Workspace(tmp_path), "mine", waits=False):
        assert guard.poll() is not None or guard.wait(1) is not None
    guard.wait()


def test_only_a_terminated_run_leaves_its_note(tmp_path: Path):
    notes = tmp_path / "data/state/flows/runs"
    with noting_run(Workspace(tmp_path), "done"):
        assert (notes / "done.json").is_file()
    with pytest.raises(ValueError, match="mishap"), noting_run(Workspace(tmp_path), "failed"):
        raise ValueError("mishap")
    assert list(notes.iterdir()) == []
    with pytest.raises(KeyboardInterrupt), noting_run(Workspace(tmp_path), "ended"):
        raise KeyboardInterrupt
    assert [path.name for path in notes.iterdir()] == ["ended.json"]
