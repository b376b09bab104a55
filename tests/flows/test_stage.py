"""A stage as a task: how it ended, and why."""

from __future__ import annotations

import logging
from pathlib import Path

import pytest
from prefect.client.schemas.objects import State
from prefect.logging import disable_run_logger
from prefect.states import Cancelled, Completed, Failed, Pending

from flows.commands import Commands, Finished
from flows.dvc import Dvc
from flows.slots import Slots
from flows.stage import Outcome, make_task, read_outcome, run_stage
from lienet.params import load_params
from tests.flows.scripted_dvc import Scripted
from tests.flows.toy import Toy

FAILED = Finished(
    255,
    (
        "Running stage 'train@a':",
        "> lienet train a",
        "step 20",
        "lienet: the loss is not finite",
        "ERROR: failed to reproduce 'train@a': failed to run: lienet train a, exited with 1",
    ),
)


def run(dvc: Dvc, **choices: object) -> State:
    """Run a stage as its task does, outside Prefect."""
    asked = {
        "slot_names": ["cpu"],
        "is_current": False,
        "is_forced": False,
        "lock_timeout_s": 60.0,
        "timeout_s": None,
    }
    with disable_run_logger():
        state = run_stage.fn("train@a", dvc, Slots({"cpu": 1}), **{**asked, **choices})
    assert isinstance(state, State)
    return state


def test_a_failed_stage_says_why_in_its_state(tmp_path: Path):
    state = run(Scripted(tmp_path, [FAILED]))
    assert (state.name, state.message) == ("Failed", "train@a failed: the loss is not finite")


def test_hints_of_dvc_are_left_out_of_the_log(tmp_path: Path, caplog: pytest.LogCaptureFixture):
    answer = Finished(0, ("Running stage 'train@a':", "done", "Use `dvc push` to send", "  "))
    logger = logging.getLogger("stage")
    with pytest.MonkeyPatch.context() as patch, caplog.at_level("INFO", "stage"):
        patch.setattr("flows.stage.get_run_logger", lambda: logger)
        run(Scripted(tmp_path, [answer]))
    assert caplog.messages == ["Running stage 'train@a':", "done"]


def test_a_stage_that_hangs_is_ended_and_named(tmp_path: Path):
    toy = Toy(tmp_path / "clone", {"train@a": []}, seconds=60.0)
    with Commands(toy.root, grace_s=1.0) as commands, Dvc(commands) as dvc:
        state = run(dvc, timeout_s=8.0)
    assert state.name == "TimedOut"
    assert state.message is not None
    said, _, last = state.message.partition("; ")
    assert said == "train@a hung and was ended after 8 s (params: flows.timeouts_s)"
    assert last.endswith(" UTC: train@a is at work")


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
