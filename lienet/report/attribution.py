"""Attribution of the photographs that networks were trained on: a row for each.

Rows are those of the lists that synthesize wrote for each task that a network learns.
"""

from __future__ import annotations

import csv
from pathlib import Path

from lienet.files import replacing
from lienet.manifests.trained_on import iterate_trained_on
from lienet.params import Params, Task
from lienet.workspace import Workspace

COLUMNS = ("key", "title", "author", "licence", "origin", "source")


def write_attribution(path: Path, params: Params, workspace: Workspace) -> int:
    """Write a CSV file of all photographs that were trained on, by source and key.

    Returns:
        how many there are.

    Raises:
        DataError: the list of what a task was trained on is missing or broken.
        InputError: ``path`` cannot be written.
    """
    num_rows = 0
    lists = [workspace.trained_on_path(task) for task in find_trained_tasks(params)]
    spill_dir = path.parent / f".{path.name}.spill"
    with replacing(path) as beside, beside.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow(COLUMNS)
        for record in iterate_trained_on(lists, spill_dir):
            writer.writerow(getattr(record, name) for name in COLUMNS)
            num_rows += 1
    return num_rows


def find_trained_tasks(params: Params) -> list[Task]:
    """Return the tasks, by name, that a network learns."""
    return sorted({model.task for model in params.models.values()})
