"""One MLflow run for each task, model and run key, logged to from any stage and any process.

Every call is a line in a journal under ``data/state/tracking``, so it is cheap, outlives a kill and
never waits for a server; a background thread delivers. ``MLFLOW_TRACKING_URI`` chooses the store;
without it, it is SQLite in ``data/state/mlflow.db``. The journal does not remember the store: what
a wrong URI kept back goes to the right one. ``LIENET_PARENT_RUN_ID`` names the pipeline run that
the runs are nested under: the id of a run in MLflow, or any other name, of which one is made.
"""

from __future__ import annotations

import itertools
import json
import os
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from lienet.errors import InputError
from lienet.tracking.delivery import MAX_PARAMS, Courier
from lienet.tracking.journal import Journal
from lienet.tracking.provenance import describe_code, describe_data
from lienet.tracking.system import watch_system
from lienet.workspace import Workspace

PARENT_VARIABLE = "LIENET_PARENT_RUN_ID"
_MAX_VALUE_CHARS = 5000
_MAX_DIGEST_CHARS = 36


class Tracker:
    """Logs to one run; made by :func:`track_run`."""

    def __init__(self, journal: Journal, data_hashes: Mapping[str, str]) -> None:
        self._journal = journal
        self._data_hashes = data_hashes

    def log_params(self, params: Mapping[str, object]) -> None:
        """Log params; nested groups are flattened with dots. A param keeps its first value."""
        items = iter(_flatten(params))
        while part := dict(itertools.islice(items, MAX_PARAMS)):
            self._journal.append({"params": part})

    def log_metrics(self, metrics: Mapping[str, float], step: int | None = None) -> None:
        """Log one point of each curve; ``step`` None is a final figure, at step 0."""
        values = {name: float(value) for name, value in metrics.items()}
        record = {"metrics": values, "step": step or 0, "time_ms": _now_ms()}
        self._journal.append(record)

    def log_artifact(self, path: Path, folder: str = "") -> None:
        """Log a copy of a file, or of a folder under its own name, as they are now.

        Raises:
            InputError: there is nothing at ``path``.
        """
        if not path.exists():
            raise InputError(f"there is no {path} to log as an artifact")
        for one in sorted(path.rglob("*")) if path.is_dir() else [path]:
            if one.is_file():
                inner = one.relative_to(path.parent).parent.as_posix()
                place = "/".join(part for part in (folder, inner) if part not in ("", "."))
                self._journal.append({"artifact": self._journal.attach(one), "folder": place})

    def log_dataset(self, task: str, split: str, *, sha256: str, **counts: int) -> None:
        """Log a split of a task's shards as an input of the run.

        Its digest is the hash that DVC gave it, or the start of ``sha256`` where DVC has not met
        it.

        Args:
            task: of the shards.
            split: "train", "valid" or "test"; also the dataset's context.
            sha256: of the shards, from their index.
            **counts: numbers that describe it, such as ``num_samples``.
        """
        path = f"data/shards/{task}/{split}"
        digest = self._data_hashes.get(f"lienet.data.{split}", sha256[:_MAX_DIGEST_CHARS])
        dataset = {
            "name": f"{task}-{split}",
            "digest": digest,
            "source_type": "dvc",
            "source": {"path": path, "md5": digest},
            "profile": {"sha256": sha256, **counts},
            "context": split,
        }
        self._journal.append({"dataset": dataset})
        self.set_tags({f"lienet.data.{split}": digest})

    @contextmanager
    def watching_system(self, every_s: float = 10.0) -> Iterator[None]:
        """Log the machine's load as ``system/…`` while the body runs."""
        with watch_system(self.log_metrics, every_s=every_s):
            yield

    def set_tags(self, tags: Mapping[str, str]) -> None:
        """Set tags; the latest value of each stands."""
        self._journal.append({"tags": {name: str(value) for name, value in tags.items()}})


@contextmanager
def track_run(
    workspace: Workspace,
    *,
    task: str,
    model: str,
    run_key: str,
    profile: str,
    retry_s: float = 10.0,
) -> Iterator[Tracker]:
    """Log to the run of ``(task, model, run_key)``, found again or made.

    A server that is away never raises and never delays the body; leaving takes at most a minute.
    Journals that earlier processes could not deliver are delivered on the way.

    Args:
        workspace: holds the default store and the journals.
        task: the run's experiment is ``lienet-<task>``.
        model: the run's name.
        run_key: hex; the same for every stage of one trained model.
        profile: the params profile, as a tag.
        retry_s: how often the background thread delivers, or tries to.

    Raises:
        InputError: the journal cannot be written.
    """
    header = {"experiment": f"lienet-{task}", "name": model, "run_key": run_key}
    stem = f"{task}-{model}-{run_key[:12]}"
    journal = Journal.open(workspace.state_dir / "tracking", stem, header)
    hashes = describe_data(workspace.root / "dvc.lock", task)
    tracker = Tracker(journal, hashes)
    courier = Courier(workspace, journal, retry_s=retry_s)
    journal.append({"status": "RUNNING", "time_ms": _now_ms()})
    if pipeline := os.environ.get(PARENT_VARIABLE):
        journal.append({"pipeline": pipeline})
    tracker.set_tags(
        {"lienet.task": task, "lienet.model": model, "lienet.profile": profile}
        | describe_code(workspace.root)
        | hashes
    )
    status = "FAILED"
    try:
        yield tracker
        status = "FINISHED"
    except KeyboardInterrupt:
        status = "KILLED"
        raise
    finally:
        journal.append({"status": status, "time_ms": _now_ms()})
        courier.close()


def _flatten(values: Mapping[str, object], prefix: str = "") -> Iterator[tuple[str, str]]:
    for name, value in values.items():
        if isinstance(value, Mapping):
            yield from _flatten(value, f"{prefix}{name}.")
        elif isinstance(value, list | tuple):
            yield f"{prefix}{name}", json.dumps(value)[:_MAX_VALUE_CHARS]
        else:
            yield f"{prefix}{name}", str(value)[:_MAX_VALUE_CHARS]


def _now_ms() -> int:
    return time.time_ns() // 1_000_000
