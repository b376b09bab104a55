"""The stages of one run: submitted to Prefect, waited for, and their outputs pulled and pushed.

The graph comes from DVC, the order from Prefect's futures, the work from ``flows.stage``. A run
that is told to end, ends its stages first.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from concurrent.futures import wait
from typing import Any, NamedTuple, cast

from prefect import get_run_logger, task
from prefect.cache_policies import NO_CACHE
from prefect.client.schemas.objects import State
from prefect.futures import PrefectConcurrentFuture
from prefect.states import Cancelled, Completed, Failed
from prefect.tasks import exponential_backoff

from flows.dvc import Dvc
from flows.graph import CODE, Graph, read_changed, read_graph, require_remote
from flows.session import RUN, Choices, Session
from flows.slots import Slots, count_slots, has_gpu, list_slots, read_limits
from flows.stage import Outcome, make_task, read_outcome
from lienet.errors import InputError, ToolError

_LOOK_EVERY_S = 1.0
_KILL_S = 0.5
"""From the kill that follows the grace to the end of what was killed."""


class Ends(NamedTuple):
    """How the stages of a run ended, and of those that failed, why."""

    outcomes: dict[str, Outcome]
    reasons: dict[str, str]


def run_stages(session: Session, choices: Choices) -> Ends:
    """Run what the choices name, side by side; return how each stage ended.

    Raises:
        InputError: a target, or a name in ``flows.timeouts_s``, is no stage.
        ToolError: DVC cannot tell its graph, or cannot pull.
    """
    whole = read_graph(session.dvc)
    graph = whole.select(choices.targets)
    for name in session.params.flows.timeouts_s.keys() - {RUN, "pull", "push"}:
        if name not in {stage.partition("@")[0] for stage in whole.inputs}:
            raise InputError("flows.timeouts_s names stages, run, pull or push", got=repr(name))
    if choices.pull:
        transfer(session, "pull", graph, whole)
    run = _StageRun(session, graph, is_forced=choices.force)
    try:
        run.submit_all()
        ends = run.wait()
    except BaseException:
        run.end()
        raise
    if choices.push and all(outcome.is_done for outcome in ends.outcomes.values()):
        transfer(session, "push", graph, whole)
    return ends


def transfer(session: Session, verb: str, graph: Graph, whole: Graph) -> None:
    """Pull or push the outputs of the graph's stages; of a pull, what the remote has.

    Raises:
        InputError: the workspace has no DVC remote.
        ToolError: the transfer failed.
    """
    require_remote(session.dvc)
    flows = session.params.flows
    # By force: what a killed stage left half written is in the way, and a stage that is not up to
    # date loses its outputs anyway.
    options = ["--allow-missing", "--force"] if verb == "pull" else []
    targets = [] if graph.inputs.keys() == whole.inputs.keys() else list(graph.inputs)
    move = move_outputs.with_options(
        name=verb,
        task_run_name=f"dvc {verb}",
        retries=flows.download_retries,
        retry_delay_seconds=exponential_backoff(flows.download_backoff_s),
    )
    words = [verb, *options, *targets]
    state = move(session.dvc, words, flows.timeouts_s.get(verb), return_state=True)
    if not state.is_completed():
        raise ToolError(state.message or f"dvc {verb} failed")


@task(cache_policy=NO_CACHE, persist_result=False)
def move_outputs(dvc: Dvc, words: Sequence[str], timeout_s: float | None) -> State[Any]:
    """Run ``dvc pull`` or ``dvc push``; a failed state says why."""
    finished = dvc.run(*words, timeout_s=timeout_s)
    if finished.is_timed_out:
        said = f"dvc {words[0]} hung and was ended after {timeout_s:g} s (params: flows.timeouts_s)"
        return Failed(name="TimedOut", message=said)
    if finished.is_interrupted:
        return Cancelled(message=f"dvc {words[0]} was ended with its run")
    if finished.code != 0:
        errors = [line for line in finished.lines if line.startswith("ERROR: ")]
        reason = (errors or finished.lines or ("it printed nothing",))[-1]
        return Failed(message=f"dvc {words[0]} failed: {reason.removeprefix('ERROR: ')}")
    return Completed(message=f"dvc {words[0]} is done")


class _StageRun:
    """The stages of a graph as Prefect's tasks; each starts when those it waits for are done."""

    def __init__(self, session: Session, graph: Graph, *, is_forced: bool) -> None:
        self._session = session
        self._graph = graph
        self._is_forced = is_forced
        self._has_gpu = has_gpu()
        self._slots = Slots(
            count_slots(session.params.flows),
            read_limits(),
            lambda: session.commands.is_stopped,
        )
        self._futures: dict[str, PrefectConcurrentFuture[State[Any]]] = {}

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
            _wait_for(self._futures[stage])
        current: Collection[str] = ()
        if not self._is_forced:
            current = self._graph.current(read_changed(self._session.dvc))
        get_run_logger().info("%d stages, of which %d are up to date", len(stages), len(current))
        for stage in order:
            if stage not in first:
                self._submit(stage, is_current=stage in current)

    def wait(self) -> Ends:
        """Wait until every stage has ended; return how.

        Raises:
            Pause: the run is suspended.
        """
        for future in self._futures.values():
            _wait_for(future)
        states = {stage: self._futures[stage].state for stage in self._graph.inputs}
        outcomes = {stage: read_outcome(state) for stage, state in states.items()}
        failed = [stage for stage, outcome in outcomes.items() if outcome is Outcome.FAILED]
        return Ends(outcomes, {stage: states[stage].message or "" for stage in failed})

    def end(self) -> None:
        """End the stages that run, and give them their grace."""
        self._session.commands.stop()
        stages = [future.wrapped_future for future in self._futures.values()]
        wait(stages, timeout=self._session.params.flows.cancel_grace_s + _KILL_S)

    def _submit(self, stage: str, *, is_current: bool = False) -> None:
        flows = self._session.params.flows
        future = make_task(stage, flows).submit(
            stage,
            self._session.dvc,
            self._slots,
            slot_names=list_slots(stage, self._session.params, has_gpu=self._has_gpu),
            is_current=is_current,
            is_forced=self._is_forced,
            lock_timeout_s=flows.lock_timeout_s,
            timeout_s=flows.timeouts_s.get(stage.partition("@")[0]),
            wait_for=[self._futures[one] for one in sorted(self._graph.inputs[stage])],
        )
        self._futures[stage] = cast("PrefectConcurrentFuture[State[Any]]", future)


def _wait_for(future: PrefectConcurrentFuture[State[Any]]) -> None:
    """Wait for a stage, and look now and then whether the run was suspended meanwhile."""
    while not future.wrapped_future.done():
        future.wait(timeout=_LOOK_EVERY_S)
    future.wait()
