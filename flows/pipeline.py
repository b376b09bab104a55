"""The flow ``pipeline``: DVC's graph, stages side by side, and the artifacts of a run."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, cast

from prefect import flow, get_run_logger
from prefect.client.schemas.objects import State
from prefect.futures import PrefectFuture
from prefect.states import Completed, Failed
from prefect.task_runners import TaskRunner, ThreadPoolTaskRunner

from flows.artifacts import find_commit, record_choices, record_outcomes, record_results
from flows.labels import list_tags, name_run, tag_run
from flows.occupancy import InUseError
from flows.outages import outlast_outages
from flows.run import Ends, run_stages
from flows.session import Choices, Session, open_session
from flows.stage import Outcome
from lienet.errors import LienetError
from lienet.workspace import Workspace

SKIPPED = "Skipped"
"""The name of the state of a run that found its workspace in use."""
NOT_PUSHED = "NotPushed"
"""The name of the state of a night that did all but send its outputs."""
TRACKED = ("train", "export", "evaluate")
"""The stages whose files MLflow is told of."""
THREADS = cast("TaskRunner[PrefectFuture[Any]]", ThreadPoolTaskRunner(max_workers=256))
"""Threads in which stages wait for their inputs and slots, and run; slots limit how many run."""


@flow(name="pipeline", flow_run_name=name_run, task_runner=THREADS, persist_result=False)
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
    outlast_outages()
    try:
        with open_session(Workspace.find(Path.cwd()), choices) as session:
            return work(session)
    except InUseError as error:
        message = f"skipped: {error} (params: flows.overlap is skip)"
        get_run_logger().warning("%s", message)
        return Completed(name=SKIPPED, message=message)
    except LienetError as error:
        return Failed(message=str(error))


def run_recorded(session: Session, choices: Choices) -> Ends:
    """Run the stages, and leave the artifacts of the run."""
    commit = find_commit(session.workspace.root)
    tag_run(list_tags(session.params.profile, list(choices.targets), commit))
    record_choices(session, choices, commit)
    ends = run_stages(session, choices)
    tracked = update_mlflow(session, ends.outcomes)
    record_outcomes(ends.outcomes)
    record_results(session, tracked)
    return ends


def update_mlflow(session: Session, outcomes: Mapping[str, Outcome]) -> list[dict[str, Any]]:
    """Run ``lienet track``, for stages that ran while MLflow was away or came from DVC's cache.

    Where it fails the run does not: the next one makes up for it.

    Returns:
        The run in MLflow of each model and method of this run, as ``lienet track --json`` has them.
    """
    done = [stage for stage, outcome in outcomes.items() if outcome.is_done]
    known = {*session.params.models, *session.params.evaluate.methods}
    items = {
        stage.partition("@")[2] for stage in done if stage.partition("@")[0].startswith(TRACKED)
    }
    if not items & known:
        return []
    logger = get_run_logger()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "runs.json"
        words = ["lienet", "track", "--json", str(path), *sorted(items & known)]
        finished = session.commands.run(words, lambda line: logger.info("%s", line))
        if finished.code == 0 and path.is_file():
            return list(json.loads(path.read_text(encoding="utf-8")))
    logger.warning("lienet track failed with exit code %d: MLflow is behind", finished.code)
    return []


def conclude(ends: Ends) -> State[Any]:
    """Return the run's final state: failed if any stage is not done, which, and why."""
    outcomes = ends.outcomes
    not_run = [stage for stage, outcome in outcomes.items() if outcome is Outcome.NOT_RUN]
    if not ends.reasons:
        ran = sum(outcome is Outcome.RAN for outcome in outcomes.values())
        return Completed(message=f"{ran} stages ran, {len(outcomes) - ran} were cached")
    message = "; ".join(ends.reasons.values())
    if not_run:
        message += f"; not run because of it: {', '.join(not_run)}"
    return Failed(message=message)
