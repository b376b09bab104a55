"""A stage runs once; a busy DVC is waited for; a failure shows its last lines."""

from __future__ import annotations

import json
import os
import threading
from pathlib import Path

import pytest
import zc.lockfile
from prefect.client.schemas.objects import State
from prefect.states import Cancelled, Completed, Failed, Pending

from flows.commands import Commands, Finished
from flows.dvc import Dvc
from flows.stage import Outcome, StageFailedError, make_task, read_outcome, run_when_free
from lienet.params import load_params
from tests.flows.toy import Toy


class Scripted(Dvc):
    """A DVC that answers from a list."""

    def __init__(self, root: Path, answers: list[Finished]) -> None:
        super().__init__(Commands(root, grace_s=1.0))
        self.answers = answers

    def run(self, *words: str, on_line=lambda line: None):
        answer = self.answers.pop(0)
        for line in answer.lines:
            on_line(line)
        return answer


BUSY = Finished(255, ("ERROR: Unable to acquire lock. Most likely another DVC process is running",))
BLOCKED = Finished(255, ("ERROR: '/x/data' is busy, it is being blocked by:", "  (PID 7): dvc"))
DONE = Finished(0, ("Running stage 'a':",))


def test_a_busy_dvc_is_retried_after_growing_random_pauses(tmp_path: Path):
    pauses: list[float] = []
    dvc = Scripted(tmp_path, [BUSY, BLOCKED, BUSY, DONE])
    finished = run_when_free(dvc, [], lambda _: None, timeout_s=60, pause=pauses.append)
    assert finished == DONE
    assert [0.25 <= pauses[0] <= 0.5, 0.5 <= pauses[1] <= 1.0, 1.0 <= pauses[2] <= 2.0] == [
        True
    ] * 3


def test_waiting_for_a_busy_dvc_ends_at_its_timeout(tmp_path: Path):
    dvc = Scripted(tmp_path, [BUSY])
    assert run_when_free(dvc, [], lambda _: None, timeout_s=-1.0) == BUSY


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
    assert run_when_free(dvc, [], lambda _: None, timeout_s=60) == answer


def test_stage_failure_shows_its_name_and_last_lines():
    text = str(StageFailedError("train@a", Finished(255, ("one", "two"))))
    assert text == "stage train@a failed with exit code 255; its last lines:\none\ntwo"


def test_only_downloads_are_retried_with_growing_pauses(repository: Path):
    flows = load_params(repository / "profiles" / "sample.yaml").flows
    download = make_task("download@x", flows)
    assert (download.retries, download.retry_delay_seconds) == (3, [30.0, 60.0, 120.0])
    assert make_task("download_vgg19", flows).retries == 3
    for stage in ("train@x", "filter@x", "report"):
        assert make_task(stage, flows).retries == 0


@pytest.mark.parametrize(
    ("state", "outcome"),
    [
        (Completed(), Outcome.RAN),
        (Completed(name="Cached"), Outcome.CACHED),
        (Failed(), Outcome.FAILED),
        (Cancelled(), Outcome.FAILED),
        (Pending(name="NotReady"), Outcome.NOT_RUN),
    ],
)
def test_outcomes_are_read_from_prefect_states(state: State, outcome: Outcome):
    assert read_outcome(state) is outcome


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
        finished = run_when_free(dvc, ["repro", "--single-item", "a"], note, timeout_s=60)
    assert finished.code == 0, finished.lines
    assert "DVC is busy with another command: waiting" in lines
    assert (toy.root / "a.out").read_text() == "a"


def test_a_broken_rwlock_file_is_removed(tmp_path: Path):
    toy = Toy(tmp_path / "clone", {"a": []})
    (toy.root / ".dvc" / "tmp").mkdir(exist_ok=True)
    (toy.root / ".dvc" / "tmp" / "rwlock").write_text('{"write": {')
    with Commands(toy.root, grace_s=1.0) as commands, Dvc(commands) as dvc:
        finished = run_when_free(dvc, ["repro", "--single-item", "a"], lambda _: None, timeout_s=60)
    assert finished.code == 0, finished.lines
