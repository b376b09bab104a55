"""The flow ``pipeline``: DVC's graph, stages side by side, and the artifacts of a run."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, cast

from prefect import flow, get_run_logger
from prefect.client.schemas.objects import State
from prefect.futures import PrefectFuture
from prefect.states import Completed, Failed
from prefect.task_runners import TaskRunner, ThreadPoolTaskRunner

from flows.artifacts import record_choices, record_outcomes, record_results
from flows.occupancy import InUseError
from flows.run import run_stages
from flows.session import Choices, Session, open_session
from flows.stage import Outcome
from lienet.errors import LienetError
from lienet.workspace import Workspace

SKIPPED = "Skipped"
"""The name of the state of a run that found its workspace in use."""
TRACKED = ("train", "export", "evaluate")
"""The stages whose files MLflow is told of."""
THREADS = cast("TaskRunner[PrefectFuture[Any]]", ThreadPoolTaskRunner(max_workers=256))
"""Threads in which stages wait for their inputs and slots, and run; slots limit how many run."""


@flow(name="pipeline", task_runner=THREADS, persist_result=False)
def pipeline(
    targets: list[str] | None = None,
    profile: str | None = None,
    overrides: dict[str, Any] | None = None,
    force: bool = False,
    pull: bool = False,
    push: bool = False,
) -> State[Any]:
    """Bring the pipeline, or what makes the targets, up to date.

    Args:
        targets: stages of dvc.yaml such as "train@sr-lienet", or "train" for every item; all
            when left out.
        profile: a file of profiles/ to use for this run; params.yaml is put back afterwards.
        overrides: params for this run by dotted key, such as {"train.steps": 500}.
        force: run the stages even where they are up to date.
        pull: first fetch what the DVC remote has.
        push: at the end send the outputs to the DVC remote, if every stage is done.
    """
    choices = Choices(targets or (), profile, overrides or {}, force, pull, push)
    return run_in_workspace(choices, lambda session: conclude(run_recorded(session, choices)))


def run_in_workspace(choices: Choices, work: Callable[[Session], State[Any]]) -> State[Any]:
    """Do a flow's work in this workspace; return its final state, which tells errors in a line."""
    try:
        with open_session(Workspace.find(Path.cwd()), choices) as session:
            return work(session)
    except InUseError as error:
        message = f"skipped: {error} (params: flows.overlap is skip)"
        get_run_logger().warning("%s", message)
        return Completed(name=SKIPPED, message=message)
    except LienetError as error:
        return Failed(message=str(error))


def run_recorded(session: Session, choices: Choices) -> dict[str, Outcome]:
    """Run the stages, and leave the artifacts of the run."""
    record_choices(session, choices)
    outcomes = run_stages(session, choices)
    update_mlflow(session, outcomes)
    record_outcomes(outcomes)
    record_results(session)
    return outcomes


def update_mlflow(session: Session, outcomes: Mapping[str, Outcome]) -> None:
    """Run ``lienet track``, for stages that ran while MLflow was away or came from DVC's cache.

    Where it fails the run does not: the next one makes up for it.
    """
    names = {stage.partition("@")[0] for stage, outcome in outcomes.items() if outcome.is_done}
    if names.isdisjoint(TRACKED):
        return
    logger = get_run_logger()
    finished = session.commands.run(["lienet", "track"], lambda line: logger.info("%s", line))
    if finished.code != 0:
        logger.warning("lienet track failed with exit code %d: MLflow is behind", finished.code)


def conclude(outcomes: Mapping[str, Outcome]) -> State[Any]:
    """Return the run's final state: failed if any stage is not done, and which."""
    failed = [stage for stage, outcome in outcomes.items() if outcome is Outcome.FAILED]
    not_run = [stage for stage, outcome in outcomes.items() if outcome is Outcome.NOT_RUN]
    if not failed:
        ran = sum(outcome is Outcome.RAN for outcome in outcomes.values())
        return Completed(message=f"{ran} stages ran, {len(outcomes) - ran} were cached")
    message = f"failed: {', '.join(failed)}"
    if not_run:
        message += f"; not run because of it: {', '.join(not_run)}"
    return Failed(message=message)
