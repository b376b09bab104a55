"""One run of the pipeline inside a flow: from checked choices to outcomes, stage by stage.

The graph comes from DVC, the order from Prefect's futures, the work from ``flows.stage``. A run
that is told to end, ends its stages first.
"""

from __future__ import annotations

import os
import time
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from graphlib import TopologicalSorter
from typing import Any

from prefect import get_run_logger
from prefect.client.schemas.objects import State
from prefect.futures import PrefectFuture
from prefect.runtime import flow_run

from flows.active_params import choose_params, using_params
from flows.commands import Commands
from flows.graph import DVC, Graph, read_changed, read_graph
from flows.occupancy import holding_workspace, noting_run
from flows.orphans import ending_with_the_worker
from flows.slots import Slots, count_slots, has_gpu, list_slots, read_limits
from flows.stage import Outcome, make_task, read_outcome
from lienet.errors import InputError
from lienet.params import Params, load_params
from lienet.workspace import Workspace

PARENT_VARIABLE = "LIENET_PARENT_RUN_ID"
"""Tells every stage which pipeline run its MLflow run belongs under."""
_KILL_S = 0.5
"""From the kill that follows the grace to the end of what was killed."""


@dataclass(frozen=True)
class Choices:
    """What a run is asked for, as the flows' parameters say it."""

    targets: Sequence[str] = ()
    profile: str | None = None
    overrides: Mapping[str, Any] = field(default_factory=dict)
    force: bool = False
    pull: bool = False
    push: bool = False


@dataclass(frozen=True)
class Session:
    """A workspace held for one run, with the run's params in use."""

    workspace: Workspace
    params: Params
    params_text: str
    commands: Commands


@contextmanager
def open_session(workspace: Workspace, choices: Choices) -> Iterator[Session]:
    """Check the choices, wait for the workspace, and put the run's params to use.

    Raises:
        InUseError: another run has the workspace, and params say to skip.
        InputError, ParamsError: the choices are not valid; nothing was touched.
    """
    logger = get_run_logger()
    run_id = str(flow_run.get_id() or f"local-{os.getpid()}")
    flows = load_params(workspace.params_path).flows
    choose_params(workspace, choices.profile, choices.overrides)  # refuses before it waits
    with (
        ending_with_the_worker(),
        noting_run(workspace, run_id),
        holding_workspace(
            workspace,
            run_id,
            waits=flows.overlap == "wait",
            on_wait=lambda holder: logger.info(
                "waiting: the workspace is in use by flow run %s", holder
            ),
        ) as lock_fd,
        using_params(workspace, None),  # what a killed run left is put back before it is read
        using_params(workspace, choose_params(workspace, choices.profile, choices.overrides)),
    ):
        text = workspace.params_path.read_text(encoding="utf-8")
        params = load_params(workspace.params_path)
        with Commands(
            workspace.root,
            grace_s=params.flows.cancel_grace_s,
            lock_fd=lock_fd,
            environment={PARENT_VARIABLE: run_id},
        ) as commands:
            yield Session(workspace, params, text, commands)


def run_stages(session: Session, choices: Choices) -> dict[str, Outcome]:
    """Run what the choices name, side by side; return how each stage ended.

    Raises:
        InputError: a target is no stage.
        ToolError: DVC cannot tell its graph, or cannot pull.
    """
    commands = session.commands
    whole = read_graph(commands)
    graph = whole.select(choices.targets)
    if choices.pull:
        transfer(session, "pull", graph, whole)
    current = frozenset[str]() if choices.force else graph.current(read_changed(commands))
    get_run_logger().info("%d stages, of which %d are up to date", len(graph.inputs), len(current))
    futures = submit_stages(session, graph, current, is_forced=choices.force)
    try:
        for future in futures.values():
            future.wait()
    except BaseException:
        _end_stages(session, futures.values())
        raise
    outcomes = {stage: read_outcome(futures[stage].state) for stage in graph.inputs}
    if choices.push and all(outcome.is_done for outcome in outcomes.values()):
        transfer(session, "push", graph, whole)
    return outcomes


def submit_stages(
    session: Session, graph: Graph, current: Collection[str], *, is_forced: bool
) -> dict[str, PrefectFuture[State[Any]]]:
    """Submit every stage to Prefect, which starts each when those that it waits for are done."""
    flows, is_on_gpu = session.params.flows, has_gpu()
    slots = Slots(count_slots(flows), read_limits())
    futures: dict[str, PrefectFuture[State[Any]]] = {}
    for stage in TopologicalSorter(graph.inputs).static_order():
        futures[stage] = make_task(stage, flows).submit(
            stage,
            session.commands,
            slots,
            slot_names=list_slots(stage, session.params, has_gpu=is_on_gpu),
            is_current=stage in current,
            is_forced=is_forced,
            lock_timeout_s=flows.lock_timeout_s,
            wait_for=[futures[one] for one in sorted(graph.inputs[stage])],
        )
    return futures


def _end_stages(session: Session, futures: Iterable[PrefectFuture[State[Any]]]) -> None:
    """End the stages that run, and give them their grace."""
    session.commands.stop()
    deadline = time.monotonic() + session.params.flows.cancel_grace_s + _KILL_S
    for future in futures:
        future.wait(timeout=max(0.0, deadline - time.monotonic()))


def transfer(session: Session, verb: str, graph: Graph, whole: Graph) -> None:
    """Pull or push the outputs of the graph's stages; of a pull, what the remote has.

    Raises:
        InputError: the workspace has no DVC remote.
        ToolError: the transfer failed.
    """
    logger = get_run_logger()
    if not has_remote(session.commands):
        raise InputError(
            f"{verb} needs a DVC remote", remedy="dvc remote add --default NAME URL, or leave it"
        )
    # By force: what a killed stage left half written is in the way, and a stage that is not up to
    # date loses its outputs anyway.
    options = ["--allow-missing", "--force"] if verb == "pull" else []
    targets = [] if graph.inputs.keys() == whole.inputs.keys() else list(graph.inputs)
    logger.info("dvc %s", verb)
    session.commands.ask([*DVC, verb, *options, *targets])


def has_remote(commands: Commands) -> bool:
    """Return whether DVC has a remote to pull from and push to."""
    return bool(commands.ask([*DVC, "remote", "list"]).strip())
