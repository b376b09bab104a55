"""A stage runs once, and a busy DVC is waited for."""

from __future__ import annotations

import json
import os
import threading
from functools import partial
from pathlib import Path

import pytest
import zc.lockfile

from flows.commands import Commands, Finished
from flows.dvc import Dvc
from flows.reproduction import make_words, run_when_free, was_cached
from tests.flows.scripted_dvc import Scripted
from tests.flows.toy import Toy

BUSY = Finished(255, ("ERROR: Unable to acquire lock. Most likely another DVC process is running",))
BLOCKED = Finished(255, ("ERROR: '/x/data' is busy, it is being blocked by:", "  (PID 7): dvc"))
DONE = Finished(0, ("Running stage 'a':",))


def test_a_busy_dvc_is_retried_after_growing_random_pauses(tmp_path: Path):
    pauses: list[float] = []
    dvc = Scripted(tmp_path, [BUSY, BLOCKED, BUSY, DONE])
    finished = run_when_free(dvc.root, dvc.run, lambda _: None, timeout_s=60, pause=pauses.append)
    assert finished == DONE
    assert [0.25 <= pauses[0] <= 0.5, 0.5 <= pauses[1] <= 1.0, 1.0 <= pauses[2] <= 2.0] == [
        True
    ] * 3


def test_waiting_for_a_busy_dvc_ends_at_its_timeout(tmp_path: Path):
    dvc = Scripted(tmp_path, [BUSY])
    assert run_when_free(dvc.root, dvc.run, lambda _: None, timeout_s=-1.0) == BUSY


@pytest.mark.parametrize(
    "answer",
    [
        Finished(255, ("Running stage 'train@a':", *["step"] * 60, *BUSY.lines)),
        Finished(255, ("Running stage 'train@a':", "loss is not finite")),
        Finished(130, BUSY.lines),
    ],
)
def test_a_stage_that_started_or_was_ended_is_not_run_again(tmp_path: Path, answer: Finished):
    dvc = Scripted(tmp_path, [answer, DONE])
    assert run_when_free(dvc.root, dvc.run, lambda _: None, timeout_s=60) == answer


def test_locks_of_a_real_dvc_delay_the_stage(tmp_path: Path):
    toy = Toy(tmp_path / "clone", {"a": []})
    state = toy.root / ".dvc" / "tmp"
    state.mkdir(exist_ok=True)
    held = zc.lockfile.LockFile(str(state / "lock"))
    out = str(toy.root / "a.out")
    blocker = {"pid": os.getpid(), "cmd": "dvc repro"}
    (state / "rwlock").write_text(json.dumps({"write": {out: blocker}, "read": {}}))
    lines: list[str] = []

    def note(line: str) -> None:
        lines.append(line)
        if "busy" in line:
            (state / "rwlock").write_text("{}")

    threading.Timer(5.0, held.close).start()
    with Commands(toy.root, grace_s=1.0) as commands, Dvc(commands) as dvc:
        finished = run_when_free(toy.root, partial(dvc.run, *make_words("a")), note, timeout_s=60)
    assert finished.code == 0, finished.lines
    assert "DVC is busy with another command: waiting" in lines
    assert (toy.root / "a.out").read_text() == "a"


def test_a_broken_rwlock_file_is_removed(tmp_path: Path):
    toy = Toy(tmp_path / "clone", {"a": []})
    (toy.root / ".dvc" / "tmp").mkdir(exist_ok=True)
    (toy.root / ".dvc" / "tmp" / "rwlock").write_text('{"write": {')
    with Commands(toy.root, grace_s=1.0) as commands, Dvc(commands) as dvc:
        finished = run_when_free(
            toy.root, partial(dvc.run, *make_words("a")), lambda _: None, timeout_s=60
        )
    assert finished.code == 0, finished.lines


@pytest.mark.parametrize(
    ("line", "is_cached"),
    [
        ("Stage 'a' didn't change, skipping", True),
        ("Stage 'a' is cached - skipping run, checking out outputs", True),
        ("Running stage 'a':", False),
    ],
)
def test_a_stage_whose_outputs_dvc_had_is_told_from_one_that_ran(line: str, is_cached: bool):
    assert was_cached(Finished(0, (line,))) is is_cached
