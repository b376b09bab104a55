"""The runs of a store as a table: what `lienet compare` shows, one row for each model.

Reads any tracking URI. A model's row is its latest run; runs without figures are no models.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.table import Table

from lienet.errors import InputError
from lienet.params import metrics as kinds_of_metric
from lienet.text_tables import draw_table
from lienet.text_tables import to_markdown as write_markdown
from lienet.tracking.runs import FORMER_PARENT_TAG, MODEL_TAG, name_experiment
from lienet.tracking.store import connect, explain_errors, list_pages, tracking_uri
from lienet.tracking.table_columns import COLUMNS, Column
from lienet.workspace import Workspace

if TYPE_CHECKING:
    import pandas as pd
    from mlflow import MlflowClient

_PAGE = 500
_COMMIT_CHARS, _HASH_CHARS = 9, 12
_SHORT = {"lienet.git_commit": _COMMIT_CHARS, "lienet.data.test": _HASH_CHARS}


def read_table(
    folder: Path,
    *,
    uri: str | None,
    tasks: Sequence[str],
    metrics: Sequence[str] = (),
    is_all: bool = False,
) -> pd.DataFrame:
    """Return the runs of tasks: ``task``, ``model``, the columns, and "run" with the run's id.

    Args:
        folder: lies in the workspace whose store is read where ``uri`` is None.
        uri: of the store.
        tasks: their experiments, ``lienet-<task>``.
        metrics: shown in place of Table 1's; the first is what rows are sorted by.
        is_all: every run, not only the latest of each model.

    Raises:
        InputError: there are no runs, or none has a metric that is asked for.
        ToolError: the store cannot be reached.
    """
    import pandas as pd

    chosen = _choose(metrics)
    address = uri or tracking_uri(Workspace.find(folder))
    with explain_errors(address):
        client = connect(address, None)
        rows = [row for task in tasks for row in _read_rows(client, task, chosen, is_all)]
    if not rows:
        raise InputError(
            f"no models are tracked for {', '.join(tasks)}", remedy="run dvc repro, or give a URI"
        )
    found = pd.DataFrame(rows)
    absent = [each.key for each in chosen if each.key in metrics and found[each.key].isna().all()]
    if absent:
        known = sorted({name for row in rows for name in row["_known"]})
        raise InputError(
            f"the metrics are {', '.join(known)}", got=", ".join(absent), remedy="see --metric"
        )
    first = chosen[0] if metrics else next(c for c in chosen if c.key == "psnr_gain_db")
    found = found.sort_values(
        ["task", first.key],
        ascending=[True, first.is_better_low],
        na_position="last",
        kind="stable",
    )
    return found[["task", "model", *(each.key for each in chosen), "run"]].reset_index(drop=True)


def make_table(found: pd.DataFrame) -> Table:
    """Return the runs under headings, figures to the right; "-" where a run has no such figure."""
    titles, rows, numbers = _format(found)
    return draw_table(titles, rows, numbers=numbers)


def to_csv(found: pd.DataFrame) -> str:
    """Return every digit, under the names of metrics and tags; empty where there is none."""
    return str(found.to_csv(index=False, lineterminator="\n"))


def to_json(found: pd.DataFrame) -> str:
    """Return a list of objects under the names of metrics and tags; null where there is none."""
    rows = found.astype(object).where(found.notna(), None).to_dict(orient="records")
    return json.dumps(rows, indent=2, allow_nan=False)


def to_markdown(found: pd.DataFrame) -> str:
    """Return a Markdown table with the headings of :func:`make_table`."""
    titles, rows, numbers = _format(found)
    return write_markdown(titles, rows, numbers=numbers) + "\n"


def _choose(asked: Sequence[str]) -> list[Column]:
    if not asked:
        return list(COLUMNS)
    return [*map(_column, dict.fromkeys(asked)), *(c for c in COLUMNS if c.kind != "metrics")]


def _column(key: str) -> Column:
    known = {column.key: column for column in COLUMNS}
    if key in ("task", "model"):
        return Column(key, key, "tags")
    measure = key.rpartition("/")[2]
    is_low = measure.startswith(("latency", "loss", "num_", "export"))
    if measure in kinds_of_metric.names():
        is_low = kinds_of_metric.get(measure).is_less_better
    return known.get(key, Column(key, key, "metrics", ".4g", is_better_low=is_low))


def _read_rows(
    client: MlflowClient, task: str, chosen: Sequence[Column], is_all: bool
) -> list[dict[str, Any]]:
    """Return the runs of a task, the latest first, as rows."""
    experiment = client.get_experiment_by_name(name_experiment(task))
    if experiment is None:
        return []
    runs = list_pages(
        lambda token: client.search_runs(
            [experiment.experiment_id],
            max_results=_PAGE,
            order_by=["attributes.start_time DESC"],
            page_token=token,
        )
    )
    rows: dict[str, dict[str, Any]] = {}
    for run in runs:
        if FORMER_PARENT_TAG not in run.data.tags and run.data.metrics:
            row = _make_row(task, run, chosen)
            rows.setdefault(run.info.run_id if is_all else row["model"], row)
    return list(rows.values())


def _make_row(task: str, run: Any, chosen: Sequence[Column]) -> dict[str, Any]:
    model = run.data.tags.get(MODEL_TAG, run.info.run_name)
    row: dict[str, Any] = {"task": task, "model": model, "run": run.info.run_id}
    row["_known"] = list(run.data.metrics)
    for column in chosen:
        row[column.key] = getattr(run.data, column.kind).get(column.key)
    return row


def _format(found: pd.DataFrame) -> tuple[list[str], list[list[str]], list[int]]:
    """Return the headings, the text of each row, and the places of the figures."""
    columns = [_column(key) for key in found.columns if key != "run"]
    rows = [
        [_format_value(column, values[column.key]) for column in columns]
        for _, values in found.iterrows()
    ]
    numbers = [place for place, column in enumerate(columns) if column.kind != "tags"]
    return [column.title for column in columns], rows, numbers


def _format_value(column: Column, value: Any) -> str:
    if value is None or value == "" or value != value:
        return "-"
    if column.kind == "metrics":
        return format(value, column.form)
    return str(value)[: _SHORT.get(column.key)]
