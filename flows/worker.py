"""``python -m flows.worker``: a Prefect worker that also takes up this workspace's dead runs.

A run whose process died, with its worker or alone, has left a note (``flows.occupancy``). Its
stages have been ended by their guards; the run is scheduled again under its own id, and goes on
with what DVC and the checkpoints hold.
"""

from __future__ import annotations

import logging
import os
import runpy
import signal
import sys
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import UUID

from flows.occupancy import DeadRun, finding_dead_runs
from flows.orphans import WORKER_VARIABLE
from lienet.params import load_params
from lienet.workspace import Workspace

if TYPE_CHECKING:
    from prefect.client.orchestration import SyncPrefectClient
    from prefect.client.schemas.objects import State

POOL = "lienet"
WORKSPACE_VARIABLE = "LIENET_WORKSPACE"
"""Where the flow runs of this worker are to work; ``prefect.yaml`` refers to it."""
_TAKEN_UP = "taken up again: its process died"
logger = logging.getLogger("lienet.worker")
_POLL_S = 5.0
_PATIENCE_S = 10.0
"""How long a run that is dead here may be called running there before that is corrected: whoever
started it may be about to."""


def main(arguments: list[str]) -> None:
    """Start the worker; further arguments are those of ``prefect worker start``."""
    workspace = Workspace.find(Path.cwd())
    if load_params(workspace.params_path).flows.overlap == "wait":
        # A workspace takes one run at a time: the others stay scheduled until it is their turn.
        arguments = ["--limit", "1", *arguments]
    os.environ[WORKSPACE_VARIABLE] = str(workspace.root)
    os.environ[WORKER_VARIABLE] = str(os.getpid())
    _prepend("PATH", Path(sys.executable).parent)  # for flows.engine
    _prepend("PYTHONPATH", Path(__file__).parents[1])
    # A shell starts background jobs with the interrupt ignored, by which a worker is asked to end.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(name)s %(message)s")
    logging.getLogger("httpx").setLevel(logging.WARNING)
    threading.Thread(target=_watch, args=(workspace,), name="lienet-reclaim", daemon=True).start()
    from flows.outages import outlast_outages

    outlast_outages()
    sys.argv = ["prefect", "worker", "start", "--pool", POOL, "--type", "process", *arguments]
    runpy.run_module("prefect", run_name="__main__", alter_sys=True)


class Reclaimer:
    """Settles what becomes of the dead runs of one workspace.

    Args:
        workspace: the clone.
        patience_s: how long a dead run may be called running before it is taken up.
    """

    def __init__(self, workspace: Workspace, patience_s: float = _PATIENCE_S) -> None:
        self._workspace = workspace
        self._patience_s = patience_s
        self._seen_at: dict[str, float] = {}

    def settle(self, client: SyncPrefectClient) -> None:
        """Look once at every dead run."""
        from prefect.exceptions import ObjectNotFound

        with finding_dead_runs(self._workspace) as dead:
            for run in dead:
                try:
                    is_settled = self._settle(client, run)
                except (ObjectNotFound, ValueError):
                    is_settled = True  # nobody knows of it any more
                if is_settled:
                    run.forget()
                    self._seen_at.pop(run.run_id, None)

    def _settle(self, client: SyncPrefectClient, dead: DeadRun) -> bool:
        from prefect.states import Cancelled, Crashed, Scheduled

        run = client.read_flow_run(UUID(dead.run_id))
        state = run.state
        if state is None or run.deployment_id is None or state.is_scheduled():
            return True
        if state.is_final() and not state.is_crashed():
            return True
        if state.is_paused():  # who suspends a run has its process end, and resumes it
            return True
        first_seen_s = self._seen_at.setdefault(dead.run_id, time.monotonic())
        if not state.is_crashed() and time.monotonic() - first_seen_s < self._patience_s:
            return False
        _end_task_runs(client, run.id)
        if state.is_cancelling():
            client.set_flow_run_state(run.id, Cancelled(message="its worker died"), force=True)
            return True
        states = client.read_flow_run_states(run.id)
        num_resumes = sum(state.message == _TAKEN_UP for state in states)
        if num_resumes >= load_params(self._workspace.params_path).flows.resumes:
            message = f"its process died {num_resumes + 1} times (params: flows.resumes)"
            client.set_flow_run_state(run.id, Crashed(message=message), force=True)
            return True
        again: State[Any] = Scheduled(name="AwaitingRetry", message=_TAKEN_UP)
        client.set_flow_run_state(run.id, again, force=True)
        logger.info("flow run %s (%s) died and is scheduled again", run.name, run.id)
        return True


def _end_task_runs(client: SyncPrefectClient, run_id: UUID) -> None:
    """End what a dead process can no longer say has ended."""
    from prefect.client.schemas import filters
    from prefect.client.schemas.objects import TERMINAL_STATES, StateType
    from prefect.states import Crashed

    open_types = filters.TaskRunFilterStateType(any_=sorted(set(StateType) - TERMINAL_STATES))
    for task_run in client.read_task_runs(
        flow_run_filter=filters.FlowRunFilter(id=filters.FlowRunFilterId(any_=[run_id])),
        task_run_filter=filters.TaskRunFilter(state=filters.TaskRunFilterState(type=open_types)),
    ):
        ended: State[Any] = Crashed(message="its process died")
        client.set_task_run_state(task_run.id, ended, force=True)


def _prepend(variable: str, folder: Path) -> None:
    """Put a folder first in a variable of the environment that lists folders."""
    rest = os.environ.get(variable)
    os.environ[variable] = os.pathsep.join([str(folder), *([rest] if rest else [])])


def _watch(workspace: Workspace) -> None:
    reclaimer = Reclaimer(workspace)
    while True:
        try:
            with finding_dead_runs(workspace) as dead:
                is_needed = bool(dead)
            if is_needed:
                from prefect.client.orchestration import get_client

                with get_client(sync_client=True) as client:
                    reclaimer.settle(client)
        except Exception as error:  # a server that is away must not end the watch
            logger.warning("cannot settle dead runs yet: %s", error)
        time.sleep(_POLL_S)


if __name__ == "__main__":
    main(sys.argv[1:])
