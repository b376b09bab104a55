"""Which photographs a task is made of, in which split and in what order, for millions of them.

Owns the order that shards are written in. Columns, not objects: a row
becomes a :class:`Job` only when its turn comes. It reads manifests and touches no image.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from lienet.data.columns import read_columns, to_column
from lienet.data.leaks import find_leaks, refuse_leaks
from lienet.data.manifest import FilterRecord
from lienet.data.shards import ShardSplit
from lienet.data.splits import SPLITS, choose_splits, choose_test_images
from lienet.params import Params, SplitShares, Task
from lienet.workspace import Workspace

if TYPE_CHECKING:
    import pyarrow as pa

_CARRIED = ("key", "source", "path", "sha256", "stored_sha256", "licence", "author")
_READ = (*_CARRIED, "width_px", "height_px", "split", "verdict", "detector", "perceptual_hash")
_ROWS_AT_ONCE = 2_000
_BYTES_PER_PIXEL = {"sr": 1.3, "face": 2.1, "old_photo": 1.7}
"""Of a shard for each pixel of the photographs in it, measured on photographs of 1024 px."""


@dataclass(frozen=True)
class Job:
    """One photograph and the split it falls to."""

    split: ShardSplit
    key: str
    source: str
    path: str
    """Relative to the source's raw folder."""
    sha256: str
    """Of the bytes as they are stored."""
    licence: str
    author: str


class Plan:
    """The photographs of a task by split, then key."""

    def __init__(self, table: pa.Table, task: Task) -> None:
        self._table = table
        self._task = task
        counts = np.bincount(table.column("place").to_numpy(), minlength=len(SPLITS))
        self._counts: dict[ShardSplit, int] = dict(zip(SPLITS, counts.tolist(), strict=True))

    def __len__(self) -> int:
        return int(self._table.num_rows)

    def count(self, split: ShardSplit) -> int:
        """Return how many photographs a split has."""
        return self._counts[split]

    def list_keys(self, split: ShardSplit) -> list[str]:
        """Return the keys of a split's photographs, in their order."""
        keys: list[str] = self._of(split).column("key").to_pylist()
        return keys

    def list_sources(self, split: ShardSplit) -> list[str]:
        """Return the sources that a split's photographs are of, by name."""
        names: list[str] = self._of(split).column("source").unique().to_pylist()
        return sorted(names)

    def iterate(self, split: ShardSplit | None = None) -> Iterator[Job]:
        """Yield the jobs of a split, or of all, a few thousand held at a time."""
        table = self._table if split is None else self._of(split)
        for start in range(0, table.num_rows, _ROWS_AT_ONCE):
            for row in table.slice(start, _ROWS_AT_ONCE).to_pylist():
                place = row.pop("place")
                del row["pixels"]
                row["sha256"] = row.pop("stored_sha256") or row["sha256"]
                yield Job(SPLITS[place], **row)

    def assign_shards(self, split: ShardSplit, *, shard_max_bytes: int) -> np.ndarray[Any, Any]:
        """Return the shard that each photograph of a split is expected in, ``(n,)`` int64.

        By the writer's rule, a new shard before one would grow beyond ``shard_max_bytes``, and the
        bytes that a pixel commonly takes; the writer goes by the bytes it has.
        """
        pixels = self._of(split).column("pixels").to_numpy()
        ends = np.cumsum(pixels * _BYTES_PER_PIXEL[self._task])
        shards = np.zeros(len(ends), np.int64)
        start, before, number = 0, 0.0, 0
        while start < len(ends):
            stop = int(np.searchsorted(ends, before + shard_max_bytes, "right"))
            stop = max(stop, start + 1)
            shards[start:stop] = number
            start, before, number = stop, float(ends[stop - 1]), number + 1
        return shards

    def _of(self, split: ShardSplit) -> pa.Table:
        place = SPLITS.index(split)
        first = sum(self._counts[name] for name in SPLITS[:place])
        return self._table.slice(first, self._counts[split])


def plan_task(params: Params, workspace: Workspace, task: Task) -> Plan:
    """Choose the split of each photograph that was kept of a task's sources.

    Raises:
        DataError: a manifest is broken, a source has too few photographs for the test images that
            are asked of it, or a picture would be learned from and tested on.
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    tables = []
    for source in params.sources_of(task):
        kept = _read_kept(workspace, source)
        tables.append(_place(kept, _choose_places(params, source, kept)))
    for source in params.synthesize.tasks.old_photo.real_sources if task == "old_photo" else ():
        kept = _read_kept(workspace, source)
        real = np.full(kept.num_rows, SPLITS.index("real"), np.int8)
        tables.append(_place(kept, real))
    table = pa.concat_tables(tables).unify_dictionaries()
    order = pc.sort_indices(table, sort_keys=[("place", "ascending"), ("key", "ascending")])
    return Plan(_drop_leaks(table.take(order), params.synthesize.split), task)


def _read_kept(workspace: Workspace, source: str) -> pa.Table:
    import pyarrow as pa
    import pyarrow.compute as pc

    path: Path = workspace.filtered_dir(source) / "manifest.parquet"
    tables = []
    for table in read_columns(path, _READ, FilterRecord):
        kept = table.filter(pc.equal(table.column("verdict"), "keep"))
        for name in ("source", "licence", "author", "split", "detector", "verdict"):
            column = pc.dictionary_encode(kept.column(name))
            kept = kept.set_column(kept.schema.get_field_index(name), name, column)
        tables.append(kept)
    return pa.concat_tables(tables).unify_dictionaries()


def _choose_places(params: Params, source: str, kept: pa.Table) -> np.ndarray[Any, Any]:
    """Return each photograph's split by its place in ``SPLITS``."""
    keys: list[str] = kept.column("key").to_pylist()
    shares = params.synthesize.split
    splits = choose_splits(
        shares,
        params.seed,
        keys,
        splits=kept.column("split").to_pylist(),
        detectors=kept.column("detector").to_pylist(),
        chosen=choose_test_images(shares, params.seed, source, keys),
    )
    return np.array([SPLITS.index(split) for split in splits], np.int8)


def _place(kept: pa.Table, places: np.ndarray[Any, Any]) -> pa.Table:
    """Return the columns that a job is made of, with split and size."""
    import pyarrow.compute as pc

    pixels = pc.multiply(kept.column("width_px"), kept.column("height_px"))
    carried = kept.select([*_CARRIED, "perceptual_hash"])
    return carried.append_column("place", to_column(places)).append_column("pixels", pixels)


def _drop_leaks(table: pa.Table, shares: SplitShares) -> pa.Table:
    """Leave out what would be learned from and tested on, and the hashes that told it."""
    hashes, bare = table.column("perceptual_hash"), table.drop_columns(["perceptual_hash"])
    if shares.max_leak_distance is None:
        return bare
    place, keys = table.column("place").to_numpy(), table.column("key")
    tested = np.flatnonzero(place == SPLITS.index("test"))
    learned = np.flatnonzero(np.isin(place, [SPLITS.index("train"), SPLITS.index("valid")]))
    leaks = find_leaks(
        hashes.take(to_column(learned)).to_pylist(),
        hashes.take(to_column(tested)).to_pylist(),
        max_distance=shares.max_leak_distance,
    )
    if not leaks:
        return bare
    dropped = learned[[one for one, _ in leaks]]
    copies = tested[[other for _, other in leaks]]
    named = (keys.take(to_column(rows)).to_pylist() for rows in (dropped, copies))
    refuse_leaks(list(zip(*named, strict=True)), shares.on_leak)
    return bare.take(to_column(np.setdiff1d(np.arange(len(place)), dropped)))
