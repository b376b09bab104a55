"""Removing what was refused: a source's refused photographs, in its folder or in its store.

Owns which files go and how a later run knows what they were. A file is removed, never emptied or
written to: it may be a link to a copy that somebody else keeps whole. Of such copies those in DVC's
local cache are removed, so that none is pushed; docs/privacy.md says how the others go.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

from lienet.database import append_rows, open_database, parquet
from lienet.errors import InputError
from lienet.files import sha256_of_file
from lienet.manifests.photographs import Photographs
from lienet.manifests.records import FilteredRows, FilterRecord, ImageRecord, write_filtered
from lienet.screening.dvc_cache import remove_cached

_NAME = "purged.parquet"
_REFUSED = "verdict = 'refuse'"


def iterate_purged(raw_dir: Path) -> Iterator[FilterRecord]:
    """Yield what is known of the images of a raw folder that were removed, by key.

    Raises:
        DataError: the record is broken.
    """
    path = raw_dir / _NAME
    if path.is_file():
        yield from (one for one in FilteredRows(path) if not (raw_dir / one.path).exists())


def skip_purged(records: Iterable[ImageRecord], raw_dir: Path) -> Iterator[ImageRecord]:
    """Yield the rows of a raw manifest whose images were not removed.

    Args:
        records: the rows, by key.
        raw_dir: the source's raw folder.
    """
    purged = iterate_purged(raw_dir)
    gone = next(purged, None)
    for record in records:
        while gone is not None and gone.key < record.key:
            gone = next(purged, None)
        if gone is None or gone.key != record.key:
            yield record


def purge_refused(
    photographs: Photographs, depot_dir: Path, filtered: Path, *, cache_dir: Path | None = None
) -> int:
    """Remove all refused images, from where they are kept and from where they were fetched.

    The record of them is written first: a run that is killed between the two, and run again,
    removes the rest.

    Args:
        photographs: the source's; its raw folder gets ``purged.parquet``, rows of a filtered
            manifest.
        depot_dir: where the source keeps what it fetched; copies are told by size and SHA-256.
        filtered: the source's filtered manifest.
        cache_dir: DVC's cache, which loses its copies; None where there is none.

    Returns:
        How many were removed by this call; in a store, how many are not there now.

    Raises:
        InputError: a file cannot be removed.
        TransferError: the store cannot be reached.
    """
    refused = FilteredRows(filtered, where=_REFUSED)
    if next(iter(refused), None) is None:
        return 0
    write_filtered(photographs.folder / _NAME, refused)
    try:
        removed = 0
        for record in refused:
            file = photographs.folder / record.path
            if cache_dir is not None and file.is_file():
                remove_cached(cache_dir, file)
            removed += photographs.remove(record.path, record.stored_sha256 or record.sha256)
        _remove_fetched(depot_dir, filtered)
    except OSError as error:
        raise InputError(
            f"cannot remove a refused image of {photographs.folder}: {error.strerror}",
            got=error.filename,
            remedy="check who may write there, and run lienet filter again",
        ) from error
    return removed


def _remove_fetched(depot_dir: Path, filtered: Path) -> None:
    """Remove the files of a folder that are refused images, whatever they are called."""
    if not depot_dir.is_dir():
        return
    files = (path for path in depot_dir.rglob("*") if path.is_file())
    with open_database(depot_dir.parent / f".{depot_dir.name}.spill") as connection:
        connection.execute("CREATE TABLE files (path VARCHAR, size_bytes BIGINT)")
        append_rows(connection, "files", ((str(path), path.stat().st_size) for path in files))
        alike = connection.execute(f"""
            SELECT files.path, list(sha256)
            FROM files JOIN {parquet(filtered)} refused USING (size_bytes)
            WHERE {_REFUSED} GROUP BY files.path
        """)
        while found := alike.fetchone():
            path, hashes = found
            if sha256_of_file(Path(path)) in hashes:
                Path(path).unlink()
