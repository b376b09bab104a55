"""A training run that shows in MLflow while it goes on, where the server is there.

A background thread sends each row of the history once. Nothing hangs on it: the whole history is
sent by :func:`~lienet.tracking.track.track` at the end, or whenever the server is back. What is
told here alone is measured and comes out otherwise each time: the machine's load, and the speed.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from functools import partial
from typing import TYPE_CHECKING, Any

from filelock import FileLock, Timeout

from lienet.params import Model, Params
from lienet.tracking.delivery import SentPoints, now_ms
from lienet.tracking.facts import Point, flatten_params, list_row_points
from lienet.tracking.provenance import COMMIT_TAG
from lienet.tracking.runs import (
    PARENT_VARIABLE,
    find_experiment,
    find_run,
    join_pipeline,
    name_experiment,
    title_run,
)
from lienet.tracking.store import connect, summarise_error, tracking_uri
from lienet.tracking.track import describe_run, track_after_stage, tracking_lock, warn_away
from lienet.workspace import Workspace

if TYPE_CHECKING:
    from mlflow import MlflowClient

_CLOSE_TIMEOUT_S = 20.0


class LiveRun:
    """Sends rows to a run from a thread, until it is closed; made by :func:`follow_training`."""

    def __init__(
        self, workspace: Workspace, lock: FileLock, reach: Callable[[], _Connection], every_s: float
    ) -> None:
        self._workspace = workspace
        self._lock = lock
        self._reach = reach
        self._every_s = every_s
        self._connection: _Connection | None = None
        self._waiting: list[Point] = []  # extended by one thread, cut by the other: both atomic
        self._stop = threading.Event()
        self._status: str | None = None
        self.has_warned = False
        self._thread = threading.Thread(target=self._work, name="lienet-live", daemon=True)
        self._thread.start()

    def log_row(self, row: Mapping[str, object]) -> None:
        """Send a row of the history when its turn comes; costs the caller nothing."""
        self._waiting.extend(list_row_points(row, now_ms()))

    def log_measurement(self, name: str, value: float) -> None:
        """Send what was measured of the run as a whole and comes out otherwise each time."""
        self._waiting.append(Point(name, 0, value, now_ms()))

    def close(self, status: str | None) -> None:
        """Send what is left, for a bounded time.

        Args:
            status: "FAILED" or "KILLED"; None leaves the run open, for ``track`` to finish.
        """
        self._status = status
        self._stop.set()
        self._thread.join(_CLOSE_TIMEOUT_S)

    def _work(self) -> None:
        with suppress(Timeout), self._lock.acquire(timeout=0):  # another process tells of this run
            is_last = False
            while not is_last:
                is_last = self._stop.is_set()
                self._attempt(is_last=is_last)
                self._stop.wait(self._every_s)

    def _attempt(self, *, is_last: bool) -> None:
        try:
            if self._connection is None:
                self._connection = self._reach()
            points = self._waiting.copy()
            self._connection.send(points)
            del self._waiting[: len(points)]
            if is_last:
                self._connection.close(self._status)
        except Exception as error:  # whatever ails tracking, training goes on
            if self._connection is not None:
                self._connection.stop_monitor()
                self._connection = None
            if not self.has_warned:
                self.has_warned = True
                warn_away(self._workspace, summarise_error(error))


class _Connection:
    """A run that has been reached; after an error a new one is made, which asks what arrived."""

    def __init__(
        self,
        workspace: Workspace,
        spec: Model,
        run_key: str,
        profile: str,
        steps: int,
        described: Mapping[str, object],
    ) -> None:
        uri = tracking_uri(workspace)
        self._client: MlflowClient = connect(uri, workspace.state_dir)
        from mlflow.entities import Param, RunTag
        from mlflow.system_metrics.system_metrics_monitor import SystemMetricsMonitor

        experiment_id = find_experiment(self._client, workspace, name_experiment(spec.task))
        tags = describe_run(workspace, spec.task, spec.name, profile)
        title = title_run(spec.name, steps, tags.get(COMMIT_TAG, ""))
        run = find_run(self._client, experiment_id, spec.name, run_key, title)
        self._run_id = run.info.run_id
        self._sent = SentPoints(self._client, run)
        self._client.update_run(self._run_id, status="RUNNING")
        self._client.log_batch(
            self._run_id,
            params=[
                Param(*each) for each in flatten_params(described) if each[0] not in run.data.params
            ],
            tags=[RunTag(*each) for each in tags.items()],
        )
        if pipeline := os.environ.get(PARENT_VARIABLE):
            join_pipeline(self._client, run, pipeline)
        monitor_class: Any = SystemMetricsMonitor
        self._monitor = monitor_class(self._run_id, resume_logging=True, tracking_uri=uri)
        self._monitor.start()

    def stop_monitor(self) -> None:
        self._monitor.finish()

    def send(self, points: list[Point]) -> None:
        self._client.log_batch(self._run_id, metrics=self._sent.list_missing(points))

    def close(self, status: str | None) -> None:
        self.stop_monitor()
        if status is not None:
            self._client.set_terminated(self._run_id, status)


@contextmanager
def follow_training(
    params: Params,
    workspace: Workspace,
    item: str,
    run_key: str,
    described: Mapping[str, object],
    *,
    every_s: float = 10.0,
) -> Iterator[LiveRun]:
    """Show a training run in MLflow while the body runs, and track the model at its end.

    A server that is away costs one warning, and next to no time.

    Args:
        params: the active set.
        workspace: holds the model's files, and the store where no other is named.
        item: the model's key in params.
        run_key: names the run.
        described: its params, nested as the model's card will hold them.
        every_s: how often rows are sent.
    """
    spec = params.models[item]
    lock = tracking_lock(workspace, spec.task, spec.name)
    steps = params.training_of(spec).steps
    reach = partial(_Connection, workspace, spec, run_key, params.profile, steps, described)
    live = LiveRun(workspace, lock, reach, every_s)
    try:
        yield live
    except BaseException as error:
        live.close("KILLED" if isinstance(error, KeyboardInterrupt) else "FAILED")
        raise
    live.close(None)
    track_after_stage(params, workspace, [item], is_silent=live.has_warned)
