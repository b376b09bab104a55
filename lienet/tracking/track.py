"""`lienet track`: brings MLflow up to date with what the stages wrote, whenever it is called.

The stages call it at their end. One that DVC took from its run cache, or that ran while the server
was away, is made up for by the next call. Doing it twice, or after a kill, doubles nothing.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from filelock import FileLock, Timeout

from lienet.errors import InputError
from lienet.params import Params
from lienet.tracking.delivery import deliver
from lienet.tracking.facts import ModelFacts, StageFacts, read_facts
from lienet.tracking.provenance import COMMIT_TAG, describe_code
from lienet.tracking.runs import (
    PARENT_VARIABLE,
    find_experiment,
    find_logged_model,
    find_run,
    join_pipeline,
    name_experiment,
    title_run,
)
from lienet.tracking.store import open_store, redact, summarise_error, tracking_uri
from lienet.workspace import Workspace

if TYPE_CHECKING:
    from mlflow import MlflowClient
    from mlflow.entities import Run

logger = logging.getLogger(__name__)
_LOCK_TIMEOUT_S = 5.0


@dataclass(frozen=True)
class TrackedRun:
    """The run of MLflow that an item's files belong to."""

    item: str
    """A key of ``models`` or of ``evaluate.methods``."""
    task: str
    model: str
    experiment_id: str
    run_id: str
    name: str
    was_behind: bool
    """Whether it lacked anything."""


def track(params: Params, workspace: Workspace, items: Sequence[str] = ()) -> list[str]:
    """Bring MLflow up to date by :func:`track_runs`; return the items that it lacked any of."""
    return [run.item for run in track_runs(params, workspace, items) if run.was_behind]


def track_runs(params: Params, workspace: Workspace, items: Sequence[str] = ()) -> list[TrackedRun]:
    """Bring MLflow up to date with the files of models, and of methods that learn nothing.

    Args:
        params: the active set.
        workspace: holds the files, and the store where MLFLOW_TRACKING_URI names none.
        items: keys of ``models`` or of ``evaluate.methods``; all of them if there are none. Those
            that no stage has run for are passed over.

    Returns:
        The run of each item, less those that another process is sending.

    Raises:
        InputError: no such item.
        DataError: a file cannot be read.
        ToolError: MLflow cannot be reached, or refuses.
    """
    known = [*params.models, *params.evaluate.methods]
    for item in items:
        if item not in known:
            raise InputError(
                f"the items are {', '.join(known)}", got=item, remedy="see params.yaml"
            )
    chosen = [(item, read_facts(params, workspace, item)) for item in items or known]
    with open_store(workspace) as client:
        found = [
            _update(client, workspace, item, facts, params.profile)
            for item, facts in chosen
            if facts is not None
        ]
    return [run for run in found if run is not None]


def track_after_stage(
    params: Params, workspace: Workspace, items: Sequence[str] = (), *, is_silent: bool = False
) -> None:
    """Call :func:`track` at the end of a stage, which does not fail where MLflow does.

    A server that is away or silent ends it by the first request, which waits ten seconds at most.
    ``is_silent`` says that the user has been warned already.
    """
    try:
        track(params, workspace, items)
    except Exception as error:  # whatever ails tracking, the work is done and stays
        if not is_silent:
            warn_away(workspace, summarise_error(error))


def warn_away(workspace: Workspace, reason: str) -> None:
    """Say in one line that MLflow is away, and what to do about it."""
    logger.warning(
        "MLflow at %s is not up to date (%s); run `lienet track` when it is back",
        redact(tracking_uri(workspace)),
        reason,
    )


def tracking_lock(workspace: Workspace, task: str, name: str) -> FileLock:
    """Return the lock of what one process at a time may send: a run's points while it trains."""
    folder = workspace.state_dir / "tracking"
    folder.mkdir(parents=True, exist_ok=True)
    return FileLock(folder / f"{task}-{name}.lock", thread_local=False)


def describe_run(workspace: Workspace, task: str, name: str, profile: str) -> dict[str, str]:
    """Return the tags that say what a run is and which code it comes from."""
    tags = {"lienet.task": task, "lienet.model": name, "lienet.profile": profile}
    return tags | describe_code(workspace.root)


def _update(
    client: MlflowClient, workspace: Workspace, item: str, facts: ModelFacts, profile: str
) -> TrackedRun | None:
    """Bring one run up to date; return it, or None where another process is at it."""
    from mlflow.entities import RunTag

    try:
        with tracking_lock(workspace, facts.task, facts.name).acquire(timeout=_LOCK_TIMEOUT_S):
            experiment_id = find_experiment(client, workspace, name_experiment(facts.task))
            tags = describe_run(workspace, facts.task, facts.name, profile)
            title = title_run(facts.name, facts.steps, tags.get(COMMIT_TAG, ""))
            run = find_run(client, experiment_id, facts.name, facts.run_key, title)
            due = [each for each in facts.stages if run.data.tags.get(_tag(each)) != each.digest]
            is_behind = bool(due) or run.info.status != "FINISHED"
            if is_behind:
                _deliver_stages(client, workspace, run, facts, due)
                tags |= {_tag(each): each.digest for each in due}
                client.log_batch(run.info.run_id, tags=[RunTag(*each) for each in tags.items()])
    except Timeout:
        logger.info("%s-%s is being trained or tracked elsewhere", facts.task, facts.name)
        return None
    info = run.info
    return TrackedRun(
        *(item, facts.task, facts.name, experiment_id, info.run_id, info.run_name, is_behind)
    )


def _deliver_stages(
    client: MlflowClient,
    workspace: Workspace,
    run: Run,
    facts: ModelFacts,
    due: Sequence[StageFacts],
) -> None:
    for each in due:
        run = client.get_run(run.info.run_id)  # with what the stage before has sent
        model = find_logged_model(client, workspace.state_dir, run, facts.weights_sha256)
        deliver(client, run, model, each)
    if pipeline := os.environ.get(PARENT_VARIABLE):
        join_pipeline(client, run, pipeline)
    if run.info.status != "FINISHED":
        client.set_terminated(run.info.run_id, "FINISHED")


def _tag(facts: StageFacts) -> str:
    """Return the tag that holds the digest of a stage's files, set once all of them are sent."""
    return f"lienet.tracked.{facts.stage}"
