"""One stage as one task: the one call of ``dvc repro --single-item``, and what follows from it.

A busy DVC is waited for; a failed download is started again by its task's retries; any other stage
runs once, and training above all: what it has is in its checkpoint, which the next run takes up.
"""

from __future__ import annotations

import random
import re
import time
from collections.abc import Callable, Sequence
from enum import Enum
from typing import Any

from prefect import Task, get_run_logger, task
from prefect.cache_policies import NO_CACHE
from prefect.client.schemas.objects import State
from prefect.states import Cancelled, Completed
from prefect.tasks import exponential_backoff

from flows.commands import Finished
from flows.dvc import Dvc
from flows.slots import Slots
from lienet.errors import ToolError
from lienet.params import Flows

CACHED = "Cached"
"""The name of the state of a stage that DVC did not have to run."""
_NUM_SHOWN_LINES = 12
_IS_CACHED = re.compile(r"^Stage '[^']+' (didn't change, skipping|is cached - skipping run)")
_IS_RUNNING = re.compile(r"^Running stage '")
_IS_BUSY = re.compile(r"Unable to acquire lock|is busy, it is being blocked by|RWLock-file")
_IS_BROKEN = re.compile(r"Unable to read RWLock-file")
_BUSY_PAUSE_S = (0.5, 15.0)


class Outcome(Enum):
    """How a stage ended."""

    RAN = "ran"
    CACHED = "cached"
    FAILED = "failed"
    NOT_RUN = "not run"

    @property
    def is_done(self) -> bool:
        """Whether the stage's outputs are up to date."""
        return self in (Outcome.RAN, Outcome.CACHED)


class StageFailedError(ToolError):
    """A stage that failed: its name, its exit code, and on lines of their own its last ones."""

    def __init__(self, stage: str, finished: Finished) -> None:
        super().__init__(f"stage {stage} failed with exit code {finished.code}")
        self._last = [line.rstrip() for line in finished.lines[-_NUM_SHOWN_LINES:]]

    def __str__(self) -> str:
        """Show the last lines beneath the message."""
        return "\n".join([f"{super().__str__()}; its last lines:", *self._last])


def make_task(stage: str, flows: Flows) -> Task[..., State[Any]]:
    """Return the task that runs one stage under its own name and retries."""
    name = stage.partition("@")[0]
    return run_stage.with_options(
        name=name,
        task_run_name=stage,
        retries=flows.download_retries if name.startswith("download") else 0,
        retry_delay_seconds=exponential_backoff(flows.download_backoff_s),
        retry_jitter_factor=0.3,
    )


@task(name="stage", cache_policy=NO_CACHE, persist_result=False)
def run_stage(
    stage: str,
    dvc: Dvc,
    slots: Slots,
    *,
    slot_names: Sequence[str],
    is_current: bool,
    is_forced: bool,
    lock_timeout_s: float,
) -> State[Any]:
    """Bring one stage up to date.

    Args:
        stage: its name, from the graph.
        dvc: runs it in the workspace.
        slots: the run's slots.
        slot_names: those that the stage takes.
        is_current: DVC has said that there is nothing to do.
        is_forced: run it even where it is up to date.
        lock_timeout_s: how long a busy DVC is waited for.

    Raises:
        StageFailedError: the stage failed.
    """
    logger = get_run_logger()
    if is_current:
        return Completed(name=CACHED, message=f"{stage} is up to date")
    words = ["repro", "--single-item", *(["--force"] if is_forced else []), stage]
    with slots.take(slot_names):
        finished = run_when_free(
            dvc, words, lambda line: logger.info("%s", line), timeout_s=lock_timeout_s
        )
    if finished.is_interrupted:
        return Cancelled(message=f"{stage} was ended with its run")
    if finished.code != 0:
        raise StageFailedError(stage, finished)
    if any(_IS_CACHED.match(line) for line in finished.lines):
        return Completed(name=CACHED, message=f"{stage} was not run: DVC had its outputs")
    return Completed(message=f"{stage} ran")


def read_outcome(state: State[Any]) -> Outcome:
    """Return the outcome that the last state of a stage's task stands for."""
    if state.is_completed():
        return Outcome.CACHED if state.name == CACHED else Outcome.RAN
    # A task whose inputs failed never gets beyond pending: Prefect calls it NotReady.
    return Outcome.NOT_RUN if state.is_pending() else Outcome.FAILED


def run_when_free(
    dvc: Dvc,
    words: Sequence[str],
    on_line: Callable[[str], None],
    *,
    timeout_s: float,
    pause: Callable[[float], None] = time.sleep,
) -> Finished:
    """Run a DVC command, again with growing and random pauses while DVC is busy.

    A stage that has started is never run again from here, whatever it ended with.
    """
    deadline = time.monotonic() + timeout_s
    pause_s, longest_s = _BUSY_PAUSE_S
    has_started = False

    def watch(line: str) -> None:
        nonlocal has_started
        has_started = has_started or _IS_RUNNING.match(line) is not None
        on_line(line)

    while True:
        finished = dvc.run(*words, on_line=watch)
        text = "\n".join(finished.lines)
        is_busy = finished.code != 0 and not finished.is_interrupted and _IS_BUSY.search(text)
        if not is_busy or has_started or time.monotonic() > deadline:
            return finished
        if _IS_BROKEN.search(text):
            # What a kill in the middle of a write leaves; DVC makes it anew.
            (dvc.root / ".dvc" / "tmp" / "rwlock").unlink(missing_ok=True)
        on_line("DVC is busy with another command: waiting")
        pause(random.uniform(0.5, 1.0) * pause_s)
        pause_s = min(2 * pause_s, longest_s)
