"""One run of the pipeline inside a flow: from checked choices to outcomes, stage by stage.

The graph comes from DVC, the order from ``flows.schedule``, the work from ``flows.stage``. A run
that is told to end, ends its stages first.
"""

from __future__ import annotations

import os
import queue
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from prefect import get_run_logger
from prefect.client.schemas.objects import State
from prefect.futures import PrefectFuture
from prefect.runtime import flow_run

from flows.active_params import choose_params, using_params
from flows.commands import Commands
from flows.graph import DVC, Graph, read_graph, read_graph_and_changed
from flows.occupancy import holding_workspace, noting_run
from flows.orphans import ending_with_the_worker
from flows.schedule import Outcome, Schedule
from flows.stage import CACHED, find_gpu, make_task, tags_of
from lienet.errors import InputError
from lienet.params import Params, load_params

PARENT_VARIABLE = "LIENET_PARENT_RUN_ID"
"""Tells every stage which pipeline run its MLflow run belongs under."""
_POLL_S = 0.5


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

    root: Path
    params: Params
    params_text: str
    commands: Commands


@contextmanager
def open_session(root: Path, choices: Choices) -> Iterator[Session]:
    """Check the choices, wait for the workspace, and put the run's params to use.

    Raises:
        InUseError: another run has the workspace, and params say to skip.
        InputError, ParamsError: the choices are not valid; nothing was touched.
    """
    logger = get_run_logger()
    run_id = str(flow_run.get_id() or f"local-{os.getpid()}")
    choose_params(root, choices.profile, choices.overrides)  # refuses before it waits
    flows = load_params(root / "params.yaml").flows
    with (
        ending_with_the_worker(),
        noting_run(root, run_id),
        holding_workspace(
            root,
            run_id,
            waits=flows.overlap == "wait",
            on_wait=lambda holder: logger.info(
                "waiting: the workspace is in use by flow run %s", holder
            ),
        ) as lock_fd,
        using_params(root, None),  # what a killed run left is put back before it is read
        using_params(root, choose_params(root, choices.profile, choices.overrides)),
    ):
        path = root / "params.yaml"
        params = load_params(path)
        with Commands(
            root,
            grace_s=params.flows.cancel_grace_s,
            lock_fd=lock_fd,
            environment={PARENT_VARIABLE: run_id},
        ) as commands:
            yield Session(root, params, path.read_text(encoding="utf-8"), commands)


def run_stages(session: Session, choices: Choices) -> dict[str, Outcome]:
    """Run what the choices name, side by side; return how each stage ended.

    Raises:
        InputError: a target is no stage.
        ToolError: DVC cannot tell its graph, or cannot pull.
    """
    commands = session.commands
    commands.prepare()
    if choices.pull:
        whole = read_graph(commands)
        transfer(session, "pull", whole.select(choices.targets), whole)
    changed = set[str]()
    if choices.force:
        whole = read_graph(commands)
    else:
        whole, changed = read_graph_and_changed(commands)
    graph = whole.select(choices.targets)
    current = frozenset() if choices.force else graph.current(changed)
    get_run_logger().info("%d stages, of which %d are up to date", len(graph.inputs), len(current))
    outcomes = _Runner(session, graph, current, is_forced=choices.force).run()
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


class _Runner:
    """Submits stages as they become ready, from the flow's own thread, and hears of their end."""

    def __init__(
        self, session: Session, graph: Graph, current: frozenset[str], *, is_forced: bool
    ) -> None:
        flows, has_gpu = session.params.flows, find_gpu()
        self._session = session
        self._graph = graph
        self._current = current
        self._is_forced = is_forced
        self._tags = {
            stage: tags_of(stage, session.params, has_gpu=has_gpu) for stage in graph.inputs
        }
        slots = {"cpu": flows.cpu_slots or os.cpu_count() or 1, "gpu": flows.gpu_slots}
        self._schedule = Schedule(graph, slots, self._tags.__getitem__)
        self._futures: dict[str, PrefectFuture[State[Any]]] = {}
        self._ended: queue.SimpleQueue[str] = queue.SimpleQueue()

    def run(self) -> dict[str, Outcome]:
        try:
            while not self._schedule.is_over:
                for stage in self._schedule.take_ready(free=self._current):
                    self._submit(stage)
                self._hear()
        except BaseException:
            self._session.commands.stop()
            deadline = time.monotonic() + self._session.params.flows.cancel_grace_s + _POLL_S
            for future in self._futures.values():
                future.wait(timeout=max(0.0, deadline - time.monotonic()))
            raise
        return {stage: self._schedule.outcomes[stage] for stage in self._graph.inputs}

    def _submit(self, stage: str) -> None:
        flows = self._session.params.flows
        is_current = stage in self._current
        tags = () if is_current else self._tags[stage]
        future = make_task(stage, flows, tags).submit(
            stage,
            self._session.commands,
            is_current=is_current,
            is_forced=self._is_forced,
            lock_timeout_s=flows.lock_timeout_s,
            wait_for=[self._futures[one] for one in sorted(self._graph.inputs[stage])],
        )
        self._futures[stage] = future
        future.add_done_callback(lambda _: self._ended.put(stage))

    def _hear(self) -> None:
        try:
            # Not for ever at once: signals are seen in between.
            ended = [self._ended.get(timeout=_POLL_S)]
        except queue.Empty:
            return
        while not self._ended.empty():
            ended.append(self._ended.get())
        for stage in ended:
            self._note(stage)

    def _note(self, stage: str) -> None:
        self._futures[stage].wait()  # at once: it takes over the final state
        state = self._futures[stage].state
        outcome = Outcome.RAN if state.is_completed() else Outcome.FAILED
        if state.is_completed() and state.name == CACHED:
            outcome = Outcome.CACHED
        lost = self._schedule.finish(stage, outcome)
        if lost:
            get_run_logger().warning("not run, for want of %s: %s", stage, ", ".join(sorted(lost)))
        # Submitted all the same: Prefect then shows them as not ready, for want of their input.
        for one in sorted(lost, key=lambda name: len(self._graph.all_inputs([name]))):
            wanting = self._graph.inputs[one] & ({stage} | lost)
            self._futures[one] = make_task(one, self._session.params.flows, ()).submit(
                one,
                self._session.commands,
                lock_timeout_s=0.0,
                wait_for=[self._futures[its] for its in sorted(wanting)],
            )
