"""The stages of one run: submitted to Prefect, waited for, and their outputs pulled and pushed.

The graph comes from DVC, the order from Prefect's futures, the work from ``flows.stage``. A run
that is told to end, ends its stages first.
"""

from __future__ import annotations

import time
from collections.abc import Collection
from typing import Any

from prefect import get_run_logger
from prefect.client.schemas.objects import State
from prefect.futures import PrefectFuture

from flows.graph import CODE, Graph, read_changed, read_graph
from flows.session import Choices, Session
from flows.slots import Slots, count_slots, has_gpu, list_slots, read_limits
from flows.stage import Outcome, make_task, read_outcome
from lienet.errors import InputError

_KILL_S = 0.5
"""From the kill that follows the grace to the end of what was killed."""


def run_stages(session: Session, choices: Choices) -> dict[str, Outcome]:
    """Run what the choices name, side by side; return how each stage ended.

    Raises:
        InputError: a target is no stage.
        ToolError: DVC cannot tell its graph, or cannot pull.
    """
    whole = read_graph(session.dvc)
    graph = whole.select(choices.targets)
    if choices.pull:
        transfer(session, "pull", graph, whole)
    run = _StageRun(session, graph, is_forced=choices.force)
    try:
        run.submit_all()
        outcomes = run.wait()
    except BaseException:
        run.end()
        raise
    if choices.push and all(outcome.is_done for outcome in outcomes.values()):
        transfer(session, "push", graph, whole)
    return outcomes


def transfer(session: Session, verb: str, graph: Graph, whole: Graph) -> None:
    """Pull or push the outputs of the graph's stages; of a pull, what the remote has.

    Raises:
        InputError: the workspace has no DVC remote.
        ToolError: the transfer failed.
    """
    logger = get_run_logger()
    if not has_remote(session):
        raise InputError(
            f"{verb} needs a DVC remote", remedy="dvc remote add --default NAME URL, or leave it"
        )
    # By force: what a killed stage left half written is in the way, and a stage that is not up to
    # date loses its outputs anyway.
    options = ["--allow-missing", "--force"] if verb == "pull" else []
    targets = [] if graph.inputs.keys() == whole.inputs.keys() else list(graph.inputs)
    logger.info("dvc %s", verb)
    session.dvc.ask(verb, *options, *targets)


def has_remote(session: Session) -> bool:
    """Return whether DVC has a remote to pull from and push to."""
    return bool(session.dvc.ask("remote", "list").strip())


class _StageRun:
    """The stages of a graph as Prefect's tasks; each starts when those it waits for are done."""

    def __init__(self, session: Session, graph: Graph, *, is_forced: bool) -> None:
        self._session = session
        self._graph = graph
        self._is_forced = is_forced
        self._has_gpu = has_gpu()
        self._slots = Slots(count_slots(session.params.flows), read_limits())
        self._futures: dict[str, PrefectFuture[State[Any]]] = {}

    def submit_all(self) -> None:
        """Submit every stage; those that DVC calls up to date will not run.

        The stage ``code`` goes first, with what it waits for: before its fingerprints are new, DVC
        cannot tell.
        """
        stages = self._graph.inputs
        order = self._graph.order()
        first = self._graph.all_inputs(stages.keys() & {CODE})
        for stage in order:
            if stage in first:
                self._submit(stage)
        for stage in first:
            self._futures[stage].wait()
        current: Collection[str] = ()
        if not self._is_forced:
            current = self._graph.current(read_changed(self._session.dvc))
        get_run_logger().info("%d stages, of which %d are up to date", len(stages), len(current))
        for stage in order:
            if stage not in first:
                self._submit(stage, is_current=stage in current)

    def wait(self) -> dict[str, Outcome]:
        """Wait until every stage has ended; return how."""
        for future in self._futures.values():
            future.wait()
        return {stage: read_outcome(self._futures[stage].state) for stage in self._graph.inputs}

    def end(self) -> None:
        """End the stages that run, and give them their grace."""
        self._session.commands.stop()
        deadline = time.monotonic() + self._session.params.flows.cancel_grace_s + _KILL_S
        for future in self._futures.values():
            future.wait(timeout=max(0.0, deadline - time.monotonic()))

    def _submit(self, stage: str, *, is_current: bool = False) -> None:
        flows = self._session.params.flows
        self._futures[stage] = make_task(stage, flows).submit(
            stage,
            self._session.dvc,
            self._slots,
            slot_names=list_slots(stage, self._session.params, has_gpu=self._has_gpu),
            is_current=is_current,
            is_forced=self._is_forced,
            lock_timeout_s=flows.lock_timeout_s,
            wait_for=[self._futures[one] for one in sorted(self._graph.inputs[stage])],
        )
