"""Who made the photographs that networks were trained on: one row for each, as licences ask.

Rows are those of the filtered manifests that were kept and fall to the training split of a task
that a network learns. They are written as they are read, however many there are.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path

from lienet.files import replacing
from lienet.manifests.columns import read_columns
from lienet.manifests.planning import plan_task
from lienet.manifests.records import FilterRecord
from lienet.params import Params, Task
from lienet.workspace import Workspace

COLUMNS = ("key", "title", "author", "licence", "origin", "source")


def write_attribution(path: Path, params: Params, workspace: Workspace) -> int:
    """Write a CSV file of all photographs that were trained on, by source and key.

    Returns:
        how many there are.

    Raises:
        DataError: the filtered manifest of a source is missing or broken.
        InputError: ``path`` cannot be written.
    """
    num_rows = 0
    with replacing(path) as beside, beside.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow(COLUMNS)
        for row in iterate_trained(params, workspace):
            writer.writerow(row)
            num_rows += 1
    return num_rows


def find_trained_tasks(params: Params) -> list[Task]:
    """Return the tasks, by name, that a network learns."""
    return sorted({model.task for model in params.models.values()})


def iterate_trained(params: Params, workspace: Workspace) -> Iterator[tuple[str, ...]]:
    """Yield ``COLUMNS`` of each photograph that falls to the training split of such a task."""
    tasks = find_trained_tasks(params)
    trained = {
        key for task in tasks for key in plan_task(params, workspace, task).list_keys("train")
    }
    for source in sorted({source for task in tasks for source in params.sources_of(task)}):
        path = workspace.filtered_dir(source) / "manifest.parquet"
        for table in read_columns(path, COLUMNS, FilterRecord):
            for row in zip(*(table.column(name).to_pylist() for name in COLUMNS), strict=True):
                if row[0] in trained:
                    yield row
