"""The plan of a task: its photographs, their splits and their order, for millions of them.

Owns the order that shards are written in, and the list of what was trained on. It touches no image.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, fields
from itertools import islice
from pathlib import Path
from typing import Any

import duckdb
import numpy as np

from lienet.database import append_rows, fetch_columns, open_database, parquet
from lienet.errors import DataError
from lienet.files import replacing
from lienet.manifests.leaks import find_leaks, refuse_leaks
from lienet.manifests.parquet_rows import (
    check_columns,
    iterate_rows,
    list_columns,
    reading,
    write_query,
)
from lienet.manifests.records import MANIFEST_NAME, FilterRecord
from lienet.manifests.splits import SPLITS, ShardSplit, choose_splits, choose_test_images
from lienet.manifests.trained_on import TrainedRecord
from lienet.params import Degradation, Params, SplitShares, Task
from lienet.workspace import Workspace

Choose = Callable[[Sequence[str], Sequence[str], Sequence[str]], Sequence[ShardSplit]]
"""Keys, their splits in the manifest and their detectors in, the splits that they fall to out."""
_ROWS_AT_ONCE = 1_000
_MAX_NAMED = 5
_KEPT = "verdict = 'keep'"


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


_JOB_COLUMNS = ", ".join(one.name for one in fields(Job) if one.name != "split")


class Plan:
    """The photographs of a task by split, then key; made by :func:`plan_task`."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, degradation: Degradation) -> None:
        self._connection = connection
        self._degradation = degradation

    def __len__(self) -> int:
        return sum(map(self.count, SPLITS))

    def count(self, split: ShardSplit) -> int:
        """Return how many photographs a split has."""
        ((count,),) = self._query("count(*)", split).fetchall()
        return int(count)

    def list_sources(self, split: ShardSplit) -> list[str]:
        """Return the sources that a split's photographs are of, by name."""
        return sorted(source for (source,) in self._query("DISTINCT source", split).fetchall())

    def iterate(self, split: ShardSplit | None = None) -> Iterator[Job]:
        """Yield the jobs of a split, or of all, some thousand held at a time."""
        for each in SPLITS if split is None else (split,):
            found = self._query(_JOB_COLUMNS, each)
            while rows := found.fetchmany(_ROWS_AT_ONCE):
                for row in rows:
                    yield Job(each, *row)

    def assign_shards(self, split: ShardSplit, *, shard_max_bytes: int) -> np.ndarray[Any, Any]:
        """Return the shard that each photograph of a split is expected in, ``(n,)`` int64.

        By the writer's rule, a new shard before one would grow beyond ``shard_max_bytes``, and the
        bytes that a pixel commonly takes; the writer goes by the bytes it has.
        """
        query = f"SELECT num_pixels FROM photographs WHERE place = {SPLITS.index(split)}"
        (num_pixels,) = fetch_columns(self._connection, query)
        num_draws = self._degradation.count_draws(split)
        ends = np.cumsum(num_pixels * self._degradation.bytes_per_pixel * num_draws)
        shards = np.zeros(len(ends), np.int64)
        start, before, number = 0, 0.0, 0
        while start < len(ends):
            stop = int(np.searchsorted(ends, before + shard_max_bytes, "right"))
            stop = max(stop, start + 1)
            shards[start:stop] = number
            start, before, number = stop, float(ends[stop - 1]), number + 1
        return shards

    def write_trained_on(self, path: Path) -> None:
        """Write the photographs of the training split, as :mod:`lienet.manifests.trained_on` reads.

        Raises:
            InputError: the disk has no room.
        """
        columns, place = ", ".join(list_columns(TrainedRecord)), SPLITS.index("train")
        with replacing(path) as beside:
            query = f"SELECT {columns} FROM photographs WHERE place = {place}"
            write_query(self._connection, query, path, beside)

    def note_splits(self, path: Path) -> tuple[int, list[str]]:
        """Note which split each photograph falls to, and say which fell to another one before.

        Args:
            path: the note; the one of the run before is replaced, unread where it is broken.

        Returns:
            how many moved, and the first of them, as "key: train, was test".

        Raises:
            InputError: the disk has no room.
        """
        moved: list[tuple[str, int, int]] = []
        num_moved = 0
        if path.is_file():
            joined = f"photographs JOIN {parquet(path)} AS former USING (key)"
            query = f"FROM {joined} WHERE photographs.place <> former.place"
            with suppress(DataError), reading(path):
                ((num_moved,),) = self._connection.execute(f"SELECT count(*) {query}").fetchall()
                columns = "SELECT key, photographs.place, former.place"
                moved = self._connection.execute(
                    f"{columns} {query} ORDER BY key LIMIT {_MAX_NAMED}"
                ).fetchall()
        path.parent.mkdir(parents=True, exist_ok=True)
        with replacing(path) as beside:
            query = "SELECT DISTINCT ON (key) key, place FROM photographs ORDER BY key"
            write_query(self._connection, query, path, beside)
        return num_moved, [f"{key}: {SPLITS[now]}, was {SPLITS[was]}" for key, now, was in moved]

    def _query(self, columns: str, split: ShardSplit) -> duckdb.DuckDBPyConnection:
        """Return columns of a split's photographs, which lie in their order in the table."""
        query = f"SELECT {columns} FROM photographs WHERE place = {SPLITS.index(split)}"
        return self._connection.cursor().execute(query)


@contextmanager
def plan_task(params: Params, workspace: Workspace, task: Task) -> Iterator[Plan]:
    """Choose the split of each photograph that was kept of a task's sources.

    Raises:
        DataError: a manifest is broken, a source has too few photographs for the test images that
            are asked of it, or a picture would be learned from and tested on.
        InputError: the disk has no room.
    """
    degradation = params.synthesize.tasks[task]
    real_sources = params.synthesize.real_sources if degradation.shows_real else ()
    parts = [
        (source, _make_choice(params, workspace, source)) for source in params.sources_of(task)
    ]
    parts += [(source, _choose_real) for source in real_sources]
    paths = [workspace.filtered_dir(source) / MANIFEST_NAME for source, _ in parts]
    with open_database(workspace.state_dir / "synthesize" / f"{task}.spill") as connection:
        connection.execute(
            "CREATE TABLE chosen (part INTEGER, key VARCHAR, place TINYINT, hash UBIGINT)"
        )
        for part, (path, (_, choose)) in enumerate(zip(paths, parts, strict=True)):
            append_rows(connection, "chosen", _choose_all(part, path, choose))
        _leave_leaks_out(connection, params.synthesize.split)
        _list_photographs(connection, paths)
        yield Plan(connection, degradation)


def _make_choice(params: Params, workspace: Workspace, source: str) -> Choose:
    shares = params.synthesize.split
    path = workspace.filtered_dir(source) / MANIFEST_NAME
    keys = (key for (key,) in iterate_rows(path, ["key"], where=_KEPT))
    chosen = choose_test_images(shares, params.seed, source, keys)

    def choose(
        keys: Sequence[str], splits: Sequence[str], detectors: Sequence[str]
    ) -> list[ShardSplit]:
        return choose_splits(
            shares, params.seed, keys, splits=splits, detectors=detectors, chosen=chosen
        )

    return choose


def _choose_real(keys: Sequence[str], *_: Sequence[str]) -> list[ShardSplit]:
    return ["real"] * len(keys)


def _choose_all(
    part: int, path: Path, choose: Choose
) -> Iterator[tuple[int, str, int, int | None]]:
    """Yield part, key, place in ``SPLITS`` and perceptual hash of a source's kept photographs."""
    columns = ["key", "split", "detector", "perceptual_hash"]
    rows = iterate_rows(path, columns, where=_KEPT)
    while some := list(islice(rows, _ROWS_AT_ONCE)):
        keys, splits, detectors, hashes = zip(*some, strict=True)
        chosen = choose(keys, splits, detectors)
        for key, split, hashed in zip(keys, chosen, hashes, strict=True):
            yield part, key, SPLITS.index(split), int(hashed, 16) if hashed else None


def _leave_leaks_out(connection: duckdb.DuckDBPyConnection, shares: SplitShares) -> None:
    """Leave out what would be learned from and tested on, or refuse it."""
    if shares.max_leak_distance is None:
        return
    query = "SELECT rowid, place, hash FROM chosen WHERE hash IS NOT NULL ORDER BY rowid"
    rows, places, hashes = fetch_columns(connection, query)
    learned = np.flatnonzero(np.isin(places, [SPLITS.index("train"), SPLITS.index("valid")]))
    tested = np.flatnonzero(places == SPLITS.index("test"))
    leaks = find_leaks(hashes[learned], hashes[tested], max_distance=shares.max_leak_distance)
    if not leaks:
        return
    dropped, copies = (
        rows[among[list(indices)]].tolist()
        for among, indices in zip((learned, tested), zip(*leaks, strict=True), strict=True)
    )
    keys = dict(
        connection.execute(
            "SELECT rowid, key FROM chosen WHERE list_contains(?, rowid)", [dropped + copies]
        ).fetchall()
    )
    pairs = [(keys[row], keys[copy]) for row, copy in zip(dropped, copies, strict=True)]
    refuse_leaks(pairs, shares.on_leak)
    connection.execute("DELETE FROM chosen WHERE list_contains(?, rowid)", [dropped])


def _list_photographs(connection: duckdb.DuckDBPyConnection, paths: Sequence[Path]) -> None:
    """Make the table of all photographs that were chosen, in their order."""
    connection.execute("""
        CREATE TABLE photographs (
            place TINYINT, key VARCHAR, source VARCHAR, path VARCHAR, sha256 VARCHAR,
            licence VARCHAR, author VARCHAR, title VARCHAR, origin VARCHAR, num_pixels BIGINT
        )
    """)
    parts = []
    for part, path in enumerate(paths):
        with reading(path):
            check_columns(connection, path, list_columns(FilterRecord))
        parts.append(f"""
            SELECT place, key, source, path, if(stored_sha256 = '', sha256, stored_sha256),
                licence, author, title, origin, width_px * height_px
            FROM {parquet(path)} JOIN chosen USING (key) WHERE part = {part}
        """)
    if parts:
        connection.execute(
            f"INSERT INTO photographs {' UNION ALL '.join(parts)} ORDER BY place, key"
        )
