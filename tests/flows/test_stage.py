"""A stage runs once; a busy DVC is waited for; a failure shows its last lines."""

from __future__ import annotations

import json
import os
import threading
from pathlib import Path

import pytest
import zc.lockfile

from flows.commands import Commands, Finished
from flows.stage import StageFailedError, make_task, run_patiently, tags_of
from lienet.params import load_params
from tests.flows.toy import Toy


class Scripted(Commands):
    """Commands that answer from a list."""

    def __init__(self, root: Path, answers: list[Finished]) -> None:
        super().__init__(root, grace_s=1.0)
        self.answers = answers

    def run(self, command, on_line=lambda line: None):
        answer = self.answers.pop(0)
        for line in answer.lines:
            on_line(line)
        return answer


BUSY = Finished(255, ("ERROR: Unable to acquire lock. Most likely another DVC process is running",))
BLOCKED = Finished(255, ("ERROR: '/x/data' is busy, it is being blocked by:", "  (PID 7): dvc"))
DONE = Finished(0, ("Running stage 'a':",))


def test_a_busy_dvc_is_asked_again_after_growing_random_pauses(tmp_path: Path):
    pauses: list[float] = []
    commands = Scripted(tmp_path, [BUSY, BLOCKED, BUSY, DONE])
    finished = run_patiently(commands, [], lambda _: None, timeout_s=60, pause=pauses.append)
    assert finished == DONE
    assert [0.25 <= pauses[0] <= 0.5, 0.5 <= pauses[1] <= 1.0, 1.0 <= pauses[2] <= 2.0] == [
        True
    ] * 3


def test_patience_ends(tmp_path: Path):
    commands = Scripted(tmp_path, [BUSY])
    assert run_patiently(commands, [], lambda _: None, timeout_s=-1.0) == BUSY


@pytest.mark.parametrize(
    "answer",
    [
        Finished(255, ("Running stage 'train@a':", *["step"] * 60, *BUSY.lines)),
        Finished(255, ("Running stage 'train@a':", "loss is not finite")),
        Finished(130, BUSY.lines),
    ],
)
def test_a_stage_that_started_or_was_ended_is_not_run_again(tmp_path: Path, answer: Finished):
    commands = Scripted(tmp_path, [answer, DONE])
    assert run_patiently(commands, [], lambda _: None, timeout_s=60) == answer


def test_the_failure_names_the_stage_and_shows_the_last_lines():
    text = str(StageFailedError("train@a", Finished(255, ("one", "two"))))
    assert text == "stage train@a failed with exit code 255; its last lines:\none\ntwo"


def test_training_takes_the_gpu_where_there_is_one(repository: Path):
    params = load_params(repository / "profiles" / "sample.yaml")
    assert tags_of("train@a", params, has_gpu=True) == ("cpu", "gpu")
    assert tags_of("train@a", params, has_gpu=False) == ("cpu",)
    assert tags_of("evaluate@a", params, has_gpu=True) == ("cpu",)


def test_downloads_alone_are_retried_with_growing_pauses(repository: Path):
    flows = load_params(repository / "profiles" / "sample.yaml").flows
    download = make_task("download@x", flows, ("cpu",))
    assert (download.retries, download.retry_delay_seconds) == (3, [30.0, 60.0, 120.0])
    assert download.tags == {"cpu"}
    assert make_task("download_vgg19", flows, ("cpu",)).retries == 3
    for stage in ("train@x", "filter@x", "report"):
        assert make_task(stage, flows, ("cpu",)).retries == 0


def test_locks_of_a_real_dvc_are_waited_for(tmp_path: Path):
    toy = Toy(tmp_path / "clone", {"a": []})
    state = toy.root / ".dvc" / "tmp"
    state.mkdir(exist_ok=True)
    held = zc.lockfile.LockFile(str(state / "lock"))
    out = str(toy.root / "a.out")
    blocker = {"pid": os.getpid(), "cmd": "dvc repro"}
    (state / "rwlock").write_text(json.dumps({"write": {out: blocker}, "read": {}}))
    heard: list[str] = []

    def hear(line: str) -> None:
        heard.append(line)
        if "busy" in line:
            (state / "rwlock").write_text("{}")

    threading.Timer(5.0, held.close).start()
    command = ["dvc", "--wait-for-lock", "repro", "--single-item", "a"]
    with Commands(toy.root, grace_s=1.0) as commands:
        finished = run_patiently(commands, command, hear, timeout_s=60)
    assert finished.code == 0, finished.lines
    assert "DVC is busy with another command: waiting" in heard
    assert (toy.root / "a.out").read_text() == "a"


def test_a_lock_file_that_a_kill_tore_is_made_anew(tmp_path: Path):
    toy = Toy(tmp_path / "clone", {"a": []})
    (toy.root / ".dvc" / "tmp").mkdir(exist_ok=True)
    (toy.root / ".dvc" / "tmp" / "rwlock").write_text('{"write": {')
    command = ["dvc", "--wait-for-lock", "repro", "--single-item", "a"]
    with Commands(toy.root, grace_s=1.0) as commands:
        finished = run_patiently(commands, command, lambda _: None, timeout_s=60)
    assert finished.code == 0, finished.lines
