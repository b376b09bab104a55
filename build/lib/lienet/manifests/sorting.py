"""Tables put in order by their column ``key``, however many rows: sorted runs, then merged.

Owns how much is held meanwhile: some thousand rows, whatever their number. Runs lie in a file
without a name, on the disk of what is written: however the process ends, it is gone.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO, TYPE_CHECKING

from lienet.errors import InputError

if TYPE_CHECKING:
    import pyarrow as pa

_ROWS_OF_A_RUN = 4_000
"""Rows that are sorted together, in memory."""
_ROWS_OF_A_PIECE = 125
"""Rows of a run that are read together; one or two such pieces of each run are held."""

_Place = tuple[int, int]
"""Where bytes begin in a file, and how many they are."""


@contextmanager
def sorted_by_key(
    tables: Iterable[pa.Table], schema: pa.Schema, path: Path
) -> Iterator[Iterator[pa.Table]]:
    """Take all rows of tables, and yield them by key, as tables to be gone through once.

    Rows that come in order already are one run, so that merging is only reading them.

    Args:
        tables: in any order.
        schema: theirs.
        path: what is to be written; rows are set aside on its disk.

    Raises:
        InputError: that disk has no room.
    """
    with _open_aside(path) as aside:
        runs: list[list[_Place]] = []
        last_key = ""
        for gathered in regroup(tables, _ROWS_OF_A_RUN):
            ordered = _order(gathered)
            if not runs or _key_of(ordered, 0) < last_key:
                runs.append([])
            last_key = _key_of(ordered, -1)
            pieces = ordered.to_batches(max_chunksize=_ROWS_OF_A_PIECE)
            runs[-1].extend(aside.append(piece.serialize()) for piece in pieces)
            del gathered, ordered, pieces  # before the next are gathered
        yield merge_by_key([_read_run(run, aside, schema) for run in runs])


def merge_by_key(streams: Sequence[Iterator[pa.Table]]) -> Iterator[pa.Table]:
    """Yield the rows of several streams by key, each of them being in that order.

    Of each stream no more is held than two of its tables.
    """
    heads = [head for head in map(_Head, streams) if head.fill()]
    while len(heads) > 1:
        bound = min(head.last_key for head in heads)
        ready = [rows for head in heads for rows in head.take_until(bound)]
        yield ready[0] if len(ready) == 1 else _order(_join(ready))
        heads = [head for head in heads if head.fill()]
    for head in heads:
        yield from head.take_all()


def regroup(tables: Iterable[pa.Table], num_rows: int) -> Iterator[pa.Table]:
    """Yield the rows of tables as they come, so many in each table, in the last what is left."""
    held: list[pa.Table] = []
    count = 0
    for table in tables:
        held.append(table)
        count += table.num_rows
        while count >= num_rows:
            joined = _join(held)
            yield joined.slice(0, num_rows)
            count -= num_rows
            held = [joined.slice(num_rows)] if count else []
            del joined
    if count:
        yield _join(held)


class _Head:
    """The beginning of a stream, some of its rows held."""

    def __init__(self, stream: Iterator[pa.Table]) -> None:
        self._stream = stream
        self._held: list[pa.Table] = []
        self._wanted = 1

    @property
    def last_key(self) -> str:
        return _key_of(self._held[-1], -1)

    def fill(self) -> bool:
        """Hold as many rows as a table of the stream has, if there are; tell whether any are.

        With fewer, each round of a merge would be over when the first of all streams runs out.
        """
        while sum(table.num_rows for table in self._held) < self._wanted:
            table = next(self._stream, None)
            if table is None:
                break
            if table.num_rows:
                self._held.append(table)
                self._wanted = max(self._wanted, table.num_rows)
        return bool(self._held)

    def take_until(self, bound: str) -> Iterator[pa.Table]:
        """Yield the rows that are held up to a key, and hold them no longer."""
        held, self._held = self._held, []
        for table in held:
            num_ready = bisect_right(range(table.num_rows), bound, key=partial(_key_of, table))
            if num_ready:
                yield table.slice(0, num_ready)
            if num_ready < table.num_rows:
                self._held.append(table.slice(num_ready))

    def take_all(self) -> Iterator[pa.Table]:
        """Yield what is held, then the rest of the stream."""
        held, self._held = self._held, []
        yield from held
        yield from self._stream


class _Aside:
    """Bytes that are set aside in a file."""

    def __init__(self, file: IO[bytes], path: Path) -> None:
        self._file = file
        self._path = path

    def append(self, content: pa.Buffer) -> _Place:
        first, remaining = self._file.tell(), memoryview(content)
        try:
            while remaining:
                remaining = remaining[self._file.write(remaining) :]
        except OSError as error:
            raise InputError(
                f"cannot write {self._path}: {error.strerror}",
                remedy="check the disk's free space",
            ) from error
        return first, content.size

    def read(self, place: _Place) -> bytes:
        first, num_bytes = place
        self._file.seek(first)
        return self._file.read(num_bytes)


@contextmanager
def _open_aside(path: Path) -> Iterator[_Aside]:
    """Open a file without a name on the disk of ``path``."""
    name = f".{path.name}."
    with ExitStack() as stack:
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            file = stack.enter_context(
                TemporaryFile(prefix=name, suffix=".part", dir=path.parent, buffering=0)
            )
        except OSError as error:
            raise InputError(
                f"cannot write {path}: {error.strerror}",
                remedy="check the folder and its free space",
            ) from error
        yield _Aside(file, path)


def _read_run(run: list[_Place], aside: _Aside, schema: pa.Schema) -> Iterator[pa.Table]:
    import pyarrow as pa

    for place in run:
        content = pa.py_buffer(aside.read(place))
        yield pa.Table.from_batches([pa.ipc.read_record_batch(content, schema)])


def _key_of(table: pa.Table, row: int) -> str:
    return str(table.column("key")[row].as_py())


def _order(table: pa.Table) -> pa.Table:
    import pyarrow.compute as pc

    return table.take(pc.sort_indices(table, sort_keys=[("key", "ascending")]))


def _join(tables: Sequence[pa.Table]) -> pa.Table:
    """Return tables as one whose columns are not in pieces: a file's bytes would tell."""
    import pyarrow as pa

    return pa.concat_tables(tables).combine_chunks()
