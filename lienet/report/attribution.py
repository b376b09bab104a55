"""Who made the photographs that networks were trained on: one row for each, as licences ask.

Rows are those of the filtered manifests that were kept and fall to the training split of a task
that a network learns. They are written as they are read, however many there are.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from lienet.data.splits import choose_splits, choose_test_images
from lienet.errors import DataError
from lienet.files import replacing
from lienet.params import BicubicModel, Params
from lienet.workspace import Workspace

if TYPE_CHECKING:
    import pyarrow as pa

COLUMNS = ("key", "title", "author", "licence", "origin", "source")
_READ = (*COLUMNS, "split", "detector", "verdict")
_BATCH_ROWS = 2**14


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
        for source in find_trained_sources(params):
            for row in iterate_trained(params, workspace, source):
                writer.writerow(row)
                num_rows += 1
    return num_rows


def find_trained_sources(params: Params) -> list[str]:
    """Return the sources, by name, of every task that a network learns."""
    tasks = {model.task for model in params.models.values() if not isinstance(model, BicubicModel)}
    return sorted({source for task in tasks for source in params.sources_of(task)})


def iterate_trained(params: Params, workspace: Workspace, source: str) -> Iterator[tuple[str, ...]]:
    """Yield ``COLUMNS`` of each photograph of a source that falls to the training split."""
    import pyarrow.compute as pc

    path = workspace.filtered_dir(source) / "manifest.parquet"
    shares = params.synthesize.split
    all_keys = (
        key
        for batch in _read_batches(path, ("key", "verdict"))
        for key in batch.filter(pc.equal(batch["verdict"], "keep"))["key"].to_pylist()
    )
    chosen = choose_test_images(shares, params.seed, source, all_keys)
    for batch in _read_batches(path, _READ):
        kept = batch.filter(pc.equal(batch["verdict"], "keep"))
        splits = choose_splits(
            shares,
            params.seed,
            kept["key"].to_pylist(),
            splits=kept["split"].to_pylist(),
            detectors=kept["detector"].to_pylist(),
            chosen=chosen,
        )
        rows = zip(*(kept[name].to_pylist() for name in COLUMNS), strict=True)
        yield from (row for row, split in zip(rows, splits, strict=True) if split == "train")


def _read_batches(path: Path, columns: tuple[str, ...]) -> Iterator[pa.RecordBatch]:
    import pyarrow as pa
    import pyarrow.parquet as pq

    remedy = f"run `lienet filter {path.parent.name}`"
    try:
        with pq.ParquetFile(path) as stored:
            missing = sorted(set(columns) - set(stored.schema_arrow.names))
            if missing:
                raise DataError(f"{path} lacks the columns {', '.join(missing)}", remedy=remedy)
            yield from stored.iter_batches(batch_size=_BATCH_ROWS, columns=list(columns))
    except (pa.ArrowException, OSError, ValueError) as error:
        raise DataError(f"{path} is not a whole manifest: {error}", remedy=remedy) from error
