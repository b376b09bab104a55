"""Removing what was refused: a source's refused photographs, in its folder or in its store.

Owns which files go and how a later run knows what they were. A file is removed, never emptied or
written to: it may be a link to a copy that somebody else keeps whole, as DVC's cache does. It does
not touch such copies; docs/privacy.md says how they go.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from lienet.errors import InputError
from lienet.files import sha256_of_file
from lienet.manifests.photographs import Photographs
from lienet.manifests.records import FilterRecord, read_filtered, write_filtered

_NAME = "purged.parquet"


def read_purged(raw_dir: Path) -> dict[str, FilterRecord]:
    """Return what is known of the images of a raw folder that were removed, by key.

    Raises:
        DataError: the record is broken.
    """
    path = raw_dir / _NAME
    records = read_filtered(path) if path.is_file() else []
    return {record.key: record for record in records if not (raw_dir / record.path).exists()}


def purge_refused(
    photographs: Photographs, depot_dir: Path, records: Iterable[FilterRecord]
) -> int:
    """Remove all refused images, from where they are kept and from where they were fetched.

    The record of them is written first: a run that is killed between the two, and run again,
    removes the rest.

    Args:
        photographs: the source's; its raw folder gets ``purged.parquet``, rows of a filtered
            manifest.
        depot_dir: where the source keeps what it fetched; copies are told by size and SHA-256.
        records: the source's filtered manifest.

    Returns:
        How many were removed by this call; in a store, how many are not there now.

    Raises:
        InputError: a file cannot be removed.
        TransferError: the store cannot be reached.
    """
    refused = [record for record in records if record.verdict == "refuse"]
    if not refused:
        return 0
    write_filtered(photographs.folder / _NAME, refused)
    try:
        removed = sum(
            photographs.remove(record.path, record.stored_sha256 or record.sha256)
            for record in refused
        )
        _remove_fetched(depot_dir, refused)
    except OSError as error:
        raise InputError(
            f"cannot remove a refused image of {photographs.folder}: {error.strerror}",
            got=error.filename,
            remedy="check who may write there, and run lienet filter again",
        ) from error
    return removed


def _remove_fetched(depot_dir: Path, refused: list[FilterRecord]) -> None:
    sizes = {record.size_bytes for record in refused}
    hashes = {record.sha256 for record in refused}
    for path in depot_dir.rglob("*") if depot_dir.is_dir() else ():
        if path.is_file() and path.stat().st_size in sizes and sha256_of_file(path) in hashes:
            path.unlink()
