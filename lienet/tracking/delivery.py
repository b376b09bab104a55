"""Carries journals to MLflow from a background thread: the only module that imports mlflow.

The import takes seconds, so it happens in the thread, beside the work. A server that is away costs
one warning: the journal stays, and is tried again later. Sending a record twice is harmless, since
MLflow keys a point by run, name, step, time and value, and a param or tag by its name.
"""

from __future__ import annotations

import logging
import os
import re
import threading
import time
import warnings
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from lienet.files import locked
from lienet.tracking.credentials import take_credentials
from lienet.tracking.journal import Journal, Record
from lienet.workspace import Workspace

if TYPE_CHECKING:
    from mlflow import MlflowClient

logger = logging.getLogger(__name__)
MAX_PARAMS = 100
_MAX_METRICS = 500
_OTHERS_TIMEOUT_S = 20.0
_CLOSE_TIMEOUT_S = 60.0
_DEFAULTS = {
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "MLFLOW_HTTP_REQUEST_TIMEOUT": "10",
    "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "0",
}


class Courier:
    """Delivers one journal while it is written, then those that earlier processes left."""

    def __init__(self, workspace: Workspace, journal: Journal, *, retry_s: float) -> None:
        self._workspace = workspace
        self._journal = journal
        self._retry_s = retry_s
        self._client: MlflowClient | None = None
        self._has_warned = False
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._work, name="lienet-tracking", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Try once more, for a bounded time, and let go of the journal."""
        self._stop.set()
        self._thread.join(_CLOSE_TIMEOUT_S)
        if self._thread.is_alive():
            logger.warning("the tracking server is slow; the rest waits in %s", self._journal.path)
            return
        if not self._journal.is_delivered:
            logger.info(
                "what could not be tracked is kept in %s; the next stage to run delivers it",
                self._journal.path,
            )
        self._journal.close()

    def _work(self) -> None:
        others_are_due = True
        while True:
            is_last = self._stop.is_set()
            is_there = self._attempt(self._journal, deadline=float("inf"))
            if is_there and others_are_due:
                others_are_due = False
                self._deliver_others()
            if is_last:
                return
            self._stop.wait(self._retry_s)

    def _deliver_others(self) -> None:
        deadline = time.monotonic() + _OTHERS_TIMEOUT_S
        for path in sorted(self._journal.path.parent.glob("*.jsonl")):
            if path == self._journal.path or time.monotonic() > deadline:
                continue
            journal = Journal.open_pending(path)
            if journal is not None:
                self._attempt(journal, deadline=deadline)
                journal.close()

    def _attempt(self, journal: Journal, *, deadline: float) -> bool:
        try:
            if self._client is None:
                self._client = _connect(self._workspace)
            if not journal.is_delivered:
                _deliver(self._client, self._workspace, journal, deadline)
        except Exception as error:  # whatever ails tracking, the work goes on
            if not self._has_warned:
                self._has_warned = True
                logger.warning(
                    "MLflow at %s cannot be reached (%s); what is logged is kept and sent later",
                    _without_user(_tracking_uri(self._workspace)),
                    _in_short(error),
                )
            return False
        return True


@dataclass
class _Batch:
    """Records that go in one request."""

    metrics: list[tuple[str, float, int, int]] = field(default_factory=list)
    params: dict[str, str] = field(default_factory=dict)
    tags: dict[str, str] = field(default_factory=dict)
    end: int = 0

    def is_full_for(self, record: Record) -> bool:
        return (
            len(self.metrics) + len(record.get("metrics", ())) > _MAX_METRICS
            or len(self.params) + len(record.get("params", ())) > MAX_PARAMS
            or len(self.tags) + len(record.get("tags", ())) > MAX_PARAMS
        )

    def add(self, record: Record, end: int) -> None:
        for name, value in record.get("metrics", {}).items():
            self.metrics.append((name, value, record["time_ms"], record["step"]))
        self.params.update(record.get("params", {}))
        self.tags.update(record.get("tags", {}))
        self.end = end


def _tracking_uri(workspace: Workspace) -> str:
    chosen = os.environ.get("MLFLOW_TRACKING_URI")
    return chosen or f"sqlite:///{workspace.state_dir / 'mlflow.db'}"


def _without_user(text: str) -> str:
    """Return a text in which no URL holds a user and password."""
    return re.sub(r"://[^/\s]*@", "://", text)


def _in_short(error: BaseException) -> str:
    """Return why the network failed, if it did, or the start of the error's own words."""
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, OSError) and cause.strerror:
            return cause.strerror.lower()
        cause = cause.__cause__ or cause.__context__
    return _without_user(" ".join(str(error).split()))[:160]


def _connect(workspace: Workspace) -> MlflowClient:
    for name, value in _DEFAULTS.items():
        os.environ.setdefault(name, value)
    warnings.filterwarnings("ignore", message="SOCKS support in urllib3")
    from mlflow import MlflowClient

    for name in ("mlflow", "alembic"):  # what fails comes as an exception, told in one line
        logging.getLogger(name).setLevel(logging.CRITICAL)
    uri = take_credentials(_tracking_uri(workspace))
    with locked(workspace.state_dir / "mlflow.lock"):  # the first process makes the tables
        client = MlflowClient(tracking_uri=uri)
        if uri.startswith("sqlite:"):
            client.search_experiments(max_results=1)
    return client


def _deliver(client: MlflowClient, workspace: Workspace, journal: Journal, deadline: float) -> None:
    run_id = _find_run(client, workspace, journal)
    batch = _Batch()

    def flush() -> None:
        nonlocal batch
        if batch.end:
            _send(client, run_id, batch)
            journal.commit(batch.end)
        batch = _Batch()

    for record, end in journal.read():
        if time.monotonic() > deadline:
            break
        if "artifact" in record or "status" in record or batch.is_full_for(record):
            flush()
        if "artifact" in record:
            path = journal.attached(record["artifact"])
            if path.exists():
                client.log_artifact(run_id, str(path), record["folder"] or None)
            journal.commit(end)
            journal.detach(record["artifact"])
        elif "status" in record:
            _set_status(client, run_id, record)
            journal.commit(end)
        else:
            batch.add(record, end)
    flush()


def _find_run(client: MlflowClient, workspace: Workspace, journal: Journal) -> str:
    """Return the id of the run with the journal's key, made if there is none."""
    header = journal.header
    experiment_id = _find_experiment(client, workspace, header["experiment"])
    key = header["run_key"]
    wanted = f"tags.`lienet.run_key` = '{key}' and attributes.run_name = '{header['name']}'"
    found = client.search_runs(
        [experiment_id],
        filter_string=wanted,
        max_results=1,
        order_by=["attributes.start_time ASC"],
    )
    if found:
        return str(found[0].info.run_id)
    start_ms = next((record.get("time_ms") for record, _ in journal.read()), None)
    tags = {"lienet.run_key": key, "mlflow.source.name": "lienet"}
    run = client.create_run(experiment_id, start_time=start_ms, run_name=header["name"], tags=tags)
    return str(run.info.run_id)


def _find_experiment(client: MlflowClient, workspace: Workspace, name: str) -> str:
    from mlflow.exceptions import MlflowException

    found = client.get_experiment_by_name(name)
    if found is None:
        is_local = not os.environ.get("MLFLOW_TRACKING_URI")
        artifacts = (workspace.state_dir / "mlartifacts").as_uri() if is_local else None
        try:
            return str(client.create_experiment(name, artifact_location=artifacts))
        except MlflowException:
            found = client.get_experiment_by_name(name)  # another stage was quicker
            if found is None:
                raise
    if found.lifecycle_stage == "deleted":
        client.restore_experiment(found.experiment_id)
    return str(found.experiment_id)


def _set_status(client: MlflowClient, run_id: str, record: Record) -> None:
    if record["status"] == "RUNNING":
        client.update_run(run_id, status="RUNNING")
    else:
        client.set_terminated(run_id, status=record["status"], end_time=record["time_ms"])


def _send(client: MlflowClient, run_id: str, batch: _Batch) -> None:
    """Send a batch; where MLflow refuses it, send its parts and warn of each that is refused."""
    from mlflow.entities import Metric, Param, RunTag
    from mlflow.exceptions import MlflowException

    metrics = [Metric(*parts) for parts in batch.metrics]
    params = [Param(*parts) for parts in batch.params.items()]
    tags = [RunTag(*parts) for parts in batch.tags.items()]
    calls: list[dict[str, Any]] = [{"metrics": metrics, "params": params, "tags": tags}]
    while calls:
        call = calls.pop(0)
        try:
            client.log_batch(run_id, **call)
        except MlflowException as error:
            if error.error_code != "INVALID_PARAMETER_VALUE":
                raise
            parts = [{kind: [one]} for kind, ones in call.items() for one in ones]
            if len(parts) > 1:
                calls.extend(parts)
            else:
                logger.warning("MLflow refused a record: %s", " ".join(str(error).split())[:300])
