"""Sends MLflow what a run lacks, and nothing that it holds already.

MLflow takes back nothing, so each thing is asked for before it is sent: a point of a curve by name,
step and value, a figure by its latest value, a param by its name; a dataset and a file replace
themselves. Whatever was cut short is made up for by doing it again.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from lienet.tracking.facts import Point, Shards, StageFacts
from lienet.tracking.image_tables import TABLES_TAG, ImageTables, describe_tables

if TYPE_CHECKING:
    from mlflow import MlflowClient
    from mlflow.entities import DatasetInput, LoggedModel, Metric, Run


class SentPoints:
    """The points of curves that a run holds, asked for once for each name."""

    def __init__(self, client: MlflowClient, run: Run) -> None:
        self._client = client
        self._run = run
        self._known: dict[str, set[tuple[int, float]]] = {}

    def list_missing(self, points: Iterable[Point]) -> list[Metric]:
        """Return those points that the run lacks, as MLflow takes them."""
        from mlflow.entities import Metric

        now = now_ms()
        return [
            Metric(each.name, each.value, each.time_ms or now, each.step)
            for each in points
            if (each.step, each.value) not in self._ask(each.name)
        ]

    def _ask(self, name: str) -> set[tuple[int, float]]:
        if name not in self._known:
            held: Sequence[Metric] = ()
            if name in self._run.data.metrics:
                held = self._client.get_metric_history(self._run.info.run_id, name)
            self._known[name] = {(each.step, each.value) for each in held}
        return self._known[name]


def deliver(client: MlflowClient, run: Run, model: LoggedModel, facts: StageFacts) -> None:
    """Bring a run and its logged model up to date with what one stage wrote.

    Args:
        client: of the store.
        run: as it is now.
        model: the run's, which figures and scores are logged for as well.
        facts: the stage's.
    """
    from mlflow.entities import Param, RunTag

    metrics = [
        *SentPoints(client, run).list_missing(facts.curves),
        *_list_missing_figures(client, run, model, facts.figures, None),
        *_list_missing_figures(client, run, model, facts.scores, facts.test_shards),
    ]
    params = [
        Param(name, value) for name, value in facts.params.items() if name not in run.data.params
    ]
    tags = [RunTag(name, value) for name, value in facts.tags.items()]
    client.log_batch(run.info.run_id, metrics=metrics, params=params, tags=tags)
    if facts.inputs:
        client.log_inputs(run.info.run_id, [_describe_shards(each) for each in facts.inputs])
    for path, folder in facts.files:
        if path.is_dir():
            client.log_artifacts(run.info.run_id, str(path), f"{folder}/{path.name}")
        elif path.is_file():
            client.log_artifact(run.info.run_id, str(path), folder or None)
    if facts.tables is not None:
        _send_tables(client, run.info.run_id, facts.tables)


def now_ms() -> int:
    """Return the time as MLflow counts it."""
    return time.time_ns() // 1_000_000


def _send_tables(client: MlflowClient, run_id: str, tables: ImageTables) -> None:
    with TemporaryDirectory() as folder:
        names = tables.write(Path(folder))
        client.log_artifacts(run_id, folder)
    client.set_tag(run_id, TABLES_TAG, describe_tables(names))


def _list_missing_figures(
    client: MlflowClient,
    run: Run,
    model: LoggedModel,
    figures: Mapping[str, float],
    shards: Shards | None,
) -> Iterator[Metric]:
    """Yield the figures that are not the latest of their name in both the run and the model.

    One that a cut request left in the run alone is sent with its own time, so that the run takes
    it as the one that it holds.
    """
    from mlflow.entities import Metric

    now = now_ms()
    name, digest = (shards.name, shards.digest) if shards is not None else (None, None)
    held = sorted(model.metrics or (), key=lambda each: each.timestamp)
    latest = {each.key: each.value for each in held if each.dataset_digest == digest}
    for key, value in figures.items():
        in_run = run.data.metrics.get(key) == value
        if in_run and latest.get(key) == value:
            continue
        time_ms = now
        if in_run and key not in {each.key for each in held}:
            history = client.get_metric_history(run.info.run_id, key)
            time_ms = max(each.timestamp for each in history if each.value == value)
        yield Metric(
            key,
            value,
            time_ms,
            0,
            model_id=model.model_id,
            dataset_name=name,
            dataset_digest=digest,
        )


def _describe_shards(shards: Shards) -> DatasetInput:
    from mlflow.entities import Dataset, DatasetInput, InputTag

    path = f"data/shards/{shards.task}/{shards.split}"
    dataset = Dataset(
        name=shards.name,
        digest=shards.digest,
        source_type="dvc",
        source=json.dumps({"path": path}),
        profile=json.dumps({"sha256": shards.sha256}),
    )
    return DatasetInput(dataset, [InputTag("mlflow.data.context", shards.split)])
