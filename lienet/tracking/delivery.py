"""Carries journals to MLflow, from a background thread while a stage works.

The import takes seconds, so it happens in the thread, beside the work. A server that is away costs
one warning: the journal stays, and is tried again later. Sending a record twice is harmless, since
MLflow keys a point by run, name, step, time and value, and a param or tag by its name.
"""

from __future__ import annotations

import json
import logging
import threading
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from lienet.tracking.journal import Journal, Record
from lienet.tracking.store import (
    connect,
    find_experiment,
    find_run,
    in_short,
    nest_run,
    redact,
    tracking_uri,
)
from lienet.workspace import Workspace

if TYPE_CHECKING:
    from mlflow import MlflowClient

logger = logging.getLogger(__name__)
MAX_PARAMS = 100
_MAX_METRICS = 500
_ALONE = {"artifact", "dataset", "pipeline", "status"}
"""Kinds of records that go in a request of their own."""
_OTHERS_TIMEOUT_S = 20.0
_CLOSE_TIMEOUT_S = 60.0


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
                uri = tracking_uri(self._workspace)
                self._client = connect(uri, self._workspace.state_dir)
            if not journal.is_delivered:
                _deliver(self._client, self._workspace, journal, deadline)
        except Exception as error:  # whatever ails tracking, the work goes on
            if not self._has_warned:
                self._has_warned = True
                logger.warning(
                    "MLflow at %s cannot be reached (%s); what is logged is kept and sent later",
                    redact(tracking_uri(self._workspace)),
                    in_short(error),
                )
            return False
        return True


def deliver_pending(client: MlflowClient, workspace: Workspace) -> None:
    """Deliver what earlier processes could not; a journal that is in use is left alone.

    Raises:
        mlflow.exceptions.MlflowException: the store does not take it.
    """
    for path in sorted((workspace.state_dir / "tracking").glob("*.jsonl")):
        journal = Journal.open_pending(path)
        if journal is not None:
            try:
                _deliver(client, workspace, journal, deadline=float("inf"))
            finally:
                journal.close()


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


def _deliver(client: MlflowClient, workspace: Workspace, journal: Journal, deadline: float) -> None:
    experiment_id, run_id = _find_run(client, workspace, journal)
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
        is_alone = not _ALONE.isdisjoint(record)
        if is_alone or batch.is_full_for(record):
            flush()
        if is_alone:
            _deliver_alone(client, workspace, journal, (experiment_id, run_id), record)
            journal.commit(end)
            if "artifact" in record:
                journal.detach(record["artifact"])
        else:
            batch.add(record, end)
    flush()


def _deliver_alone(
    client: MlflowClient,
    workspace: Workspace,
    journal: Journal,
    place: tuple[str, str],
    record: Record,
) -> None:
    experiment_id, run_id = place
    if "artifact" in record:
        path = journal.attached(record["artifact"])
        if path.exists():
            client.log_artifact(run_id, str(path), record["folder"] or None)
    elif "dataset" in record:
        _log_dataset(client, run_id, record["dataset"])
    elif "pipeline" in record:
        nest_run(client, workspace.state_dir, experiment_id, run_id, record["pipeline"])
    else:
        _set_status(client, run_id, record)


def _find_run(client: MlflowClient, workspace: Workspace, journal: Journal) -> tuple[str, str]:
    """Return the ids of the experiment and of the run with the journal's key, made if missing."""
    header = journal.header
    experiment_id = find_experiment(client, workspace, header["experiment"])
    start_ms = next(
        (record["time_ms"] for record, _ in journal.read() if "time_ms" in record), None
    )
    return experiment_id, find_run(
        client, experiment_id, header["name"], header["run_key"], start_ms
    )


def _log_dataset(client: MlflowClient, run_id: str, dataset: Record) -> None:
    from mlflow.entities import Dataset, DatasetInput, InputTag

    plain = {name: dataset[name] for name in ("name", "digest", "source_type")}
    entity = Dataset(
        **plain, source=json.dumps(dataset["source"]), profile=json.dumps(dataset["profile"])
    )
    tags = [InputTag("mlflow.data.context", dataset["context"])]
    client.log_inputs(run_id, [DatasetInput(entity, tags)])


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
