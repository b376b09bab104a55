"""DVC's command line: one process for several commands, one for each of those at once."""

from __future__ import annotations

import json
import os
import signal
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from flows.commands import Commands
from flows.dvc import Dvc
from lienet.errors import ToolError
from tests.flows.toy import Toy, is_alive, wait_until

# Each stage writes the process id of the DVC that ran it, and what it could read.
STAGE = "import os, sys; print(os.getppid(), repr(sys.stdin.read()))"


@pytest.fixture
def dvc(tmp_path: Path) -> Iterator[Dvc]:
    """A DVC in a workspace of three stages."""
    toy = Toy(tmp_path / "clone", {})
    (toy.root / "stage.py").write_text(STAGE)
    toy.write_stages({name: {"cmd": f"exec {sys.executable} stage.py"} for name in "abc"})
    with Commands(toy.root, grace_s=1.0) as commands, Dvc(commands) as found:
        yield found


def run_stage(dvc: Dvc, stage: str) -> int:
    """Run a stage; return the process id of the DVC that ran it."""
    finished = dvc.run("repro", "--single-item", "--force", stage)
    assert finished.code == 0, finished.lines
    (line,) = (line for line in finished.lines if line.endswith("''"))
    return int(line.split()[0])


def test_commands_one_after_another_share_a_process(dvc: Dvc):
    assert '"a"' in dvc.ask("dag", "--dot")
    process = run_stage(dvc, "a")
    assert json.loads(dvc.ask("status", "--json")).keys() == set("abc")
    assert run_stage(dvc, "b") == process


def test_commands_at_once_have_processes_of_their_own(dvc: Dvc):
    with ThreadPoolExecutor(3) as pool:
        processes = list(pool.map(lambda stage: run_stage(dvc, stage), "abc"))
    assert len(set(processes)) > 1
    assert run_stage(dvc, "a") in processes


def test_a_failed_command_is_an_error_of_one_line_and_the_next_one_works(dvc: Dvc):
    with pytest.raises(ToolError, match=r"^dvc status nothing failed: ERROR: .*'nothing'"):
        dvc.ask("status", "nothing")
    with pytest.raises(ToolError, match=r"^dvc no-such-verb failed: "):
        dvc.ask("no-such-verb")
    assert dvc.ask("--version")[0].isdigit()


def test_a_process_that_died_is_replaced(dvc: Dvc):
    process = run_stage(dvc, "a")
    os.kill(process, signal.SIGKILL)
    wait_until(lambda: not is_alive(process), "the end of the process")
    assert run_stage(dvc, "b") != process


def test_stopping_ends_the_stage_that_runs_and_the_processes(tmp_path: Path):
    toy = Toy(tmp_path / "clone", {"a": []}, seconds=60)
    results = []
    with Commands(toy.root, grace_s=5.0) as commands, Dvc(commands) as dvc:
        thread = threading.Thread(target=lambda: results.append(dvc.run("repro", "a")))
        thread.start()
        wait_until(lambda: "start" in toy.times().get("a", {}), "the stage's start")
        commands.stop()
        thread.join(30)
        assert results[0].is_interrupted
        assert "interrupted" in toy.times()["a"]
        assert dvc.run("--version").is_interrupted
