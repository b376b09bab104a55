"""Which photographs a task is made of, in which split and in what order, for millions of them.

Owns the order that shards are written in. Of a photograph it holds a few bytes: where it falls to;
all else is read again from the manifests, a slice at a time, when its turn comes. It touches no
image.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from lienet.errors import DataError
from lienet.manifests.columns import read_columns, to_column
from lienet.manifests.duplicates import Hashes, Indices, parse_hashes
from lienet.manifests.leaks import find_leaks, refuse_leaks
from lienet.manifests.records import FilterRecord, read_filtered_keys
from lienet.manifests.sorting import merge_by_key
from lienet.manifests.splits import SPLITS, ShardSplit, choose_splits, choose_test_images
from lienet.params import Params, SplitShares, Task
from lienet.workspace import Workspace

if TYPE_CHECKING:
    import pyarrow as pa

Places = np.ndarray[Any, np.dtype[np.int8]]
Choice = Callable[["pa.Table"], Sequence[ShardSplit]]
_CARRIED = ("key", "source", "path", "sha256", "stored_sha256", "licence", "author")
_JUDGED = ("key", "split", "verdict", "detector", "perceptual_hash")
_ROWS_AT_ONCE = 1_000
_LEFT_OUT = -1
"""The place of what is in no split."""


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

    def __init__(self, parts: Sequence[_Part], *, bytes_per_pixel: float) -> None:
        self._parts = parts
        self._bytes_per_pixel = bytes_per_pixel

    def __len__(self) -> int:
        return sum(map(self.count, SPLITS))

    def count(self, split: ShardSplit) -> int:
        """Return how many photographs a split has."""
        return sum(part.count(split) for part in self._parts)

    def list_keys(self, split: ShardSplit) -> list[str]:
        """Return the keys of a split's photographs, in their order."""
        return [
            key for table in self._read(split, ("key",)) for key in table.column("key").to_pylist()
        ]

    def list_sources(self, split: ShardSplit) -> list[str]:
        """Return the sources that a split's photographs are of, by name."""
        return sorted({part.source for part in self._parts if part.count(split)})

    def iterate(self, split: ShardSplit | None = None) -> Iterator[Job]:
        """Yield the jobs of a split, or of all, some thousand held at a time.

        Raises:
            DataError: a manifest has changed since the plan was made.
        """
        for each in SPLITS if split is None else (split,):
            for table in self._read(each, _CARRIED):
                columns = (table.column(name).to_pylist() for name in _CARRIED)
                for key, source, path, sha256, stored, licence, author in zip(
                    *columns, strict=True
                ):
                    yield Job(each, key, source, path, stored or sha256, licence, author)

    def assign_shards(self, split: ShardSplit, *, shard_max_bytes: int) -> np.ndarray[Any, Any]:
        """Return the shard that each photograph of a split is expected in, ``(n,)`` int64.

        By the writer's rule, a new shard before one would grow beyond ``shard_max_bytes``, and the
        bytes that a pixel commonly takes; the writer goes by the bytes it has.
        """
        sizes = [np.empty(0, np.int64)]
        for table in self._read(split, ("key", "width_px", "height_px")):
            sizes.append(table.column("width_px").to_numpy() * table.column("height_px").to_numpy())
        ends = np.cumsum(np.concatenate(sizes) * self._bytes_per_pixel)
        shards = np.zeros(len(ends), np.int64)
        start, before, number = 0, 0.0, 0
        while start < len(ends):
            stop = int(np.searchsorted(ends, before + shard_max_bytes, "right"))
            stop = max(stop, start + 1)
            shards[start:stop] = number
            start, before, number = stop, float(ends[stop - 1]), number + 1
        return shards

    def _read(self, split: ShardSplit, names: Sequence[str]) -> Iterator[pa.Table]:
        """Yield columns of a split's photographs, of which ``key`` is one, in their order."""
        parts = [part for part in self._parts if part.count(split)]
        return merge_by_key([part.read(split, names) for part in parts])


class _Manifest:
    """A filtered manifest, to be read several times, and the same each time."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._identity: tuple[int, int] | None = None

    def read(self, names: Sequence[str]) -> Iterator[pa.Table]:
        identity = (0, 0)
        with suppress(OSError):  # to be said by who reads it
            status = self.path.stat()
            identity = (status.st_ino, status.st_mtime_ns)
        if self._identity not in (None, identity):
            raise DataError(f"{self.path} has changed meanwhile", remedy="run the stage again")
        self._identity = identity
        yield from read_columns(self.path, names, FilterRecord, rows_at_once=_ROWS_AT_ONCE)

    def iterate_kept(self) -> Iterator[str]:
        for table in self.read(("key", "verdict")):
            yield from table.take(to_column(_find_kept(table))).column("key").to_pylist()


@dataclass(frozen=True)
class _Part:
    """What a plan takes of one source."""

    source: str
    manifest: _Manifest
    places: Places
    """Of each row of the manifest: its split by the place in ``SPLITS``, or that it is left out."""
    hashed: Indices
    """The rows that are taken and have a perceptual hash."""
    hashes: Hashes

    def count(self, split: ShardSplit) -> int:
        return int(np.count_nonzero(self.places == SPLITS.index(split)))

    def read(self, split: ShardSplit, names: Sequence[str]) -> Iterator[pa.Table]:
        first, place = 0, SPLITS.index(split)
        for table in self.manifest.read(names):
            here = self.places[first : first + table.num_rows]
            yield table.take(to_column(np.flatnonzero(here == place)))
            first += table.num_rows


def plan_task(params: Params, workspace: Workspace, task: Task) -> Plan:
    """Choose the split of each photograph that was kept of a task's sources.

    Raises:
        DataError: a manifest is broken, a source has too few photographs for the test images that
            are asked of it, or a picture would be learned from and tested on.
    """
    parts = []
    for source in params.sources_of(task):
        manifest = _Manifest(workspace.filtered_dir(source) / "manifest.parquet")
        parts.append(_choose(source, manifest, _make_choice(params, source, manifest)))
    degradation = params.synthesize.tasks[task]
    for source in params.synthesize.real_sources if degradation.shows_real else ():
        manifest = _Manifest(workspace.filtered_dir(source) / "manifest.parquet")
        parts.append(_choose(source, manifest, lambda kept: ["real"] * kept.num_rows))
    _leave_leaks_out(parts, params.synthesize.split)
    return Plan(parts, bytes_per_pixel=degradation.bytes_per_pixel)


def _make_choice(params: Params, source: str, manifest: _Manifest) -> Choice:
    """Return what chooses the splits of some photographs of a source."""
    shares = params.synthesize.split
    chosen = choose_test_images(shares, params.seed, source, manifest.iterate_kept())

    def choose(kept: pa.Table) -> list[ShardSplit]:
        keys, splits, detectors = (
            kept.column(name).to_pylist() for name in ("key", "split", "detector")
        )
        return choose_splits(
            shares, params.seed, keys, splits=splits, detectors=detectors, chosen=chosen
        )

    return choose


def _choose(source: str, manifest: _Manifest, choose: Choice) -> _Part:
    places, hashed, hashes = [], [np.empty(0, np.int64)], [np.empty(0, np.uint64)]
    first = 0
    for table in manifest.read(_JUDGED):
        rows = _find_kept(table)
        kept = table.take(to_column(rows))
        here = np.full(table.num_rows, _LEFT_OUT, np.int8)
        here[rows] = [SPLITS.index(split) for split in choose(kept)]
        found, among = parse_hashes(kept.column("perceptual_hash").to_pylist())
        places.append(here)
        hashed.append(first + rows[among])
        hashes.append(found)
        first += table.num_rows
    joined = np.concatenate(places), np.concatenate(hashed), np.concatenate(hashes)
    return _Part(source, manifest, *joined)


def _find_kept(table: pa.Table) -> Indices:
    import pyarrow.compute as pc

    return np.flatnonzero(pc.equal(table.column("verdict"), "keep").to_numpy())


def _leave_leaks_out(parts: Sequence[_Part], shares: SplitShares) -> None:
    """Leave out what would be learned from and tested on, or refuse it."""
    if shares.max_leak_distance is None or not parts:
        return
    hashes = np.concatenate([part.hashes for part in parts])
    places = np.concatenate([part.places[part.hashed] for part in parts])
    learned = np.flatnonzero(np.isin(places, [SPLITS.index("train"), SPLITS.index("valid")]))
    tested = np.flatnonzero(places == SPLITS.index("test"))
    leaks = find_leaks(hashes[learned], hashes[tested], max_distance=shares.max_leak_distance)
    if not leaks:
        return
    owners = np.repeat(np.arange(len(parts)), [len(part.hashed) for part in parts])
    rows = np.concatenate([part.hashed for part in parts])
    dropped = learned[[one for one, _ in leaks]]
    copies = tested[[other for _, other in leaks]]
    concerned = np.union1d(dropped, copies)
    keys: dict[tuple[int, int], str] = {}
    for place, part in enumerate(parts):
        of_part = rows[concerned[owners[concerned] == place]]
        named = read_filtered_keys(part.manifest.path, of_part)
        keys |= {(place, row): key for row, key in named.items()}
        part.places[rows[dropped[owners[dropped] == place]]] = _LEFT_OUT
    names = [
        [keys[int(owners[index]), int(rows[index])] for index in indices]
        for indices in (dropped, copies)
    ]
    refuse_leaks(list(zip(*names, strict=True)), shares.on_leak)
