"""The flow ``nightly``: pull, pipeline, gate, promote, push, in one hold of the workspace.

The gate and the promotion are ``lienet promote``'s, one call for each trained model. This module
calls it and shows its verdicts.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any, cast

from prefect import flow, get_run_logger, task
from prefect.artifacts import create_markdown_artifact
from prefect.cache_policies import NO_CACHE
from prefect.client.schemas.objects import State
from prefect.states import Completed, Failed

from flows.commands import Commands
from flows.graph import has_remote, read_graph
from flows.labels import name_run
from flows.pipeline import NOT_PUSHED, THREADS, conclude, run_in_workspace, run_recorded
from flows.redaction import hide_secrets
from flows.run import transfer
from flows.session import Choices, Session
from flows.slots import PROMOTION, Slots, read_limits
from flows.stage import Outcome
from flows.stage_output import find_reason
from lienet.errors import ToolError


@flow(name="nightly", flow_run_name=name_run, task_runner=THREADS, persist_result=False)
def nightly(
    targets: list[str] | None = None,
    profile: str | None = None,
    overrides: dict[str, Any] | None = None,
    promote: bool = True,
) -> State[Any]:
    """Fetch, run, let challengers face their champions, and send the outputs back.

    Where there is no DVC remote, nothing is fetched or sent. A night in which a stage failed
    promotes nothing; one that could not send its outputs is completed, and says so.

    Args:
        targets: as of the flow pipeline.
        profile: as of the flow pipeline.
        overrides: as of the flow pipeline.
        promote: run `lienet promote` for each trained model.
    """
    choices = Choices(targets or (), profile, overrides or {})
    return run_in_workspace(choices, lambda session: _run_night(session, choices, promotes=promote))


def _run_night(session: Session, choices: Choices, *, promotes: bool) -> State[Any]:
    logger = get_run_logger()
    has_place = has_remote(session.dvc)
    if not has_place:
        logger.warning("this workspace has no DVC remote: nothing is pulled or pushed")
    asked = Choices(choices.targets, choices.profile, choices.overrides, pull=has_place)
    ends = run_recorded(session, asked)
    state = conclude(ends)
    if not state.is_completed():
        return state
    verdicts: dict[str, dict[str, Any]] = {}
    if promotes:
        with Slots({PROMOTION: 1}, read_limits()).take([PROMOTION]):
            for model in list_candidates(session, ends.outcomes):
                task_of_model = promote_model.with_options(task_run_name=f"promote {model}")
                found = task_of_model(model, session.commands, return_state=True)
                if not found.is_completed():
                    raise ToolError(found.message or f"lienet promote {model} failed")
                verdicts[model] = cast("dict[str, Any]", found.result())
        create_markdown_artifact(
            hide_secrets(describe_verdicts(verdicts)), key="gate", description="Who is champion"
        )
    promoted = [model for model, verdict in verdicts.items() if verdict["promoted"]]
    message = f"{state.message}; promoted: {', '.join(promoted) or 'none'}"
    if has_place:
        try:
            whole = read_graph(session.dvc)
            transfer(session, "push", whole.select(choices.targets), whole)
        except ToolError as error:
            # Nothing of the night is lost: the next one sends it.
            logger.error("%s", error)
            return Completed(name=NOT_PUSHED, message=f"{message}; {error}")
    return Completed(message=message)


@task(name="promote", cache_policy=NO_CACHE, persist_result=False)
def promote_model(model: str, commands: Commands) -> dict[str, Any] | State[Any]:
    """Run ``lienet promote`` for one model; return its verdict, or a failed state that says why.

    A challenger that is kept is no failure.
    """
    logger = get_run_logger()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "verdict.json"
        finished = commands.run(
            ["lienet", "promote", model, "--json", str(path)],
            lambda line: logger.info("%s", line),
        )
        if finished.code != 0:
            return Failed(message=f"lienet promote {model} failed: {find_reason(finished.lines)}")
        verdict: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return {"promoted": False, "reasons": [], **verdict}


def list_candidates(session: Session, outcomes: Mapping[str, Outcome]) -> list[str]:
    """Return the models of this run that were trained and evaluated."""
    return [
        key
        for key in session.params.models
        if outcomes.get(f"train@{key}", Outcome.NOT_RUN).is_done
        and outcomes.get(f"evaluate@{key}", Outcome.NOT_RUN).is_done
    ]


def describe_verdicts(verdicts: Mapping[str, Mapping[str, Any]]) -> str:
    """Return the gate's verdicts as a Markdown table: a line for each model, and why."""
    lines = ["| model | verdict | champion | why |", "|---|---|---|---|"]
    for model, verdict in verdicts.items():
        word = "promoted" if verdict["promoted"] else "challenger"
        why = "; ".join(str(reason) for reason in verdict["reasons"]).replace("|", "\\|")
        lines.append(f"| {model} | {word} | {verdict.get('champion') or '–'} | {why} |")
    return "\n".join(lines) + "\n"
