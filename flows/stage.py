"""One stage as one task: the one call of ``dvc repro --single-item``, and what follows from it.

A busy DVC is waited for; a failed download is started again by its task's retries; any other stage
runs once, and training above all: what it has is in its checkpoint, which the next run takes up.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import Enum
from functools import partial
from typing import Any

from prefect import Task, get_run_logger, task
from prefect.cache_policies import NO_CACHE
from prefect.client.schemas.objects import State
from prefect.states import Cancelled, Completed, Failed
from prefect.tasks import exponential_backoff

from flows.dvc import Dvc
from flows.reproduction import make_words, run_when_free, was_cached
from flows.slots import Slots
from flows.stage_output import IS_HINT, LastLine, find_reason
from lienet.params import Flows

CACHED = "Cached"
"""The name of the state of a stage that DVC did not have to run."""


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
    timeout_s: float | None,
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
        timeout_s: after how long the stage is ended; never, if left out.

    Returns:
        A failed state says why: Prefect shows an exception with its own traceback instead.
    """
    logger = get_run_logger()
    if is_current:
        return Completed(name=CACHED, message=f"{stage} is up to date")
    last = LastLine()

    def on_line(line: str) -> None:
        last.note(line)
        if not IS_HINT.match(line):
            logger.info("%s", line)

    with slots.take(slot_names):
        run = partial(dvc.run, *make_words(stage, is_forced=is_forced), timeout_s=timeout_s)
        finished = run_when_free(dvc.root, run, on_line, timeout_s=lock_timeout_s)
    if finished.is_timed_out:
        said = f"{stage} hung and was ended after {timeout_s:g} s (params: flows.timeouts_s)"
        return Failed(name="TimedOut", message=f"{said}; {last}")
    if finished.is_interrupted:
        return Cancelled(message=f"{stage} was ended with its run")
    if finished.code != 0:
        return Failed(message=f"{stage} failed: {find_reason(finished.lines)}")
    if was_cached(finished):
        return Completed(name=CACHED, message=f"{stage} was not run: DVC had its outputs")
    return Completed(message=f"{stage} ran")


def read_outcome(state: State[Any]) -> Outcome:
    """Return the outcome that the last state of a stage's task stands for."""
    if state.is_completed():
        return Outcome.CACHED if state.name == CACHED else Outcome.RAN
    # A task whose inputs failed never gets beyond pending: Prefect calls it NotReady.
    return Outcome.NOT_RUN if state.is_pending() else Outcome.FAILED
