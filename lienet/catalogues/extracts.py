"""Parquet extracts of official lists, which are fetched once, verified and read once.

The list itself, however long, lies on the disk while it is read, and is removed when all that is
wanted of it was kept. An extract says what it was made from, and is made anew when that changes,
or when it was cut short. It does not know what a list holds.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb

from lienet.catalogues.csv_lists import Rule, read_list
from lienet.catalogues.remote import Depot, fetch_one
from lienet.database import open_database, quote
from lienet.files import replacing, sha256_of_json
from lienet.transfer.batches import RemoteFile

logger = logging.getLogger(__name__)
_FORM = 2
"""Of what is kept; a change of any extract's columns counts it up."""


@dataclass(frozen=True)
class Extract:
    """What is kept of a list."""

    name: str
    """Of the Parquet file, without its ending."""
    made_from: Mapping[str, Any]
    """What decides the rows besides the list; JSON."""
    columns: Sequence[str]
    """Of the list."""
    rules: Sequence[Rule]
    """What must hold of every line of it."""
    query: str
    """SQL that gives the rows to be kept from a table ``listed`` of these columns."""
    texts: Sequence[str] = ()
    """Columns that are made plain text of one line."""


def keep_extracts(url: str, name: str, extracts: Sequence[Extract], depot: Depot) -> list[Path]:
    """Return the extracts of one list, made now where they are not there yet, of one fetch.

    Args:
        url: where the list lies.
        name: of the list while it is here.
        extracts: what is wanted of it.
        depot: where it and they are kept.

    Returns:
        their paths, in the order wanted.

    Raises:
        TransferError: the list cannot be fetched.
        DataError: a line of it is wrong; the error has its number, and the list stays.
    """
    paths = [depot.lists_dir / f"{extract.name}.parquet" for extract in extracts]
    due = [
        (extract, path)
        for extract, path in zip(extracts, paths, strict=True)
        if _read_identity(path) != _identify(extract, url)
    ]
    if not due:
        return paths
    listed = fetch_one(RemoteFile(url, name, is_image=False), depot)
    logger.info("reading %s", url)
    for extract, path in due:
        _write(extract, path, url, listed)
    listed.unlink()
    return paths


def _identify(extract: Extract, url: str) -> str:
    return sha256_of_json({"form": _FORM, "url": url, **extract.made_from})


def _read_identity(path: Path) -> str | None:
    """Return what an extract says that it was made from; None where it is not a whole one."""
    if not path.is_file():
        return None
    with open_database() as connection:
        try:
            found = connection.execute(
                f"SELECT value FROM parquet_kv_metadata({quote(str(path))}) WHERE key = 'identity'"
            ).fetchone()
        except duckdb.InvalidInputException:  # cut short
            return None
    return bytes(found[0]).decode() if found else None


def _write(extract: Extract, path: Path, url: str, listed: Path) -> None:
    said = f"identity: {quote(_identify(extract, url))}, url: {quote(url)}"
    options = f"FORMAT parquet, COMPRESSION zstd, KV_METADATA {{{said}}}"
    spill_dir = path.with_name(f".{path.name}.spill.part")
    with replacing(path) as beside, open_database(spill_dir) as connection:

        def keep(rows: str) -> None:
            connection.execute(
                f"COPY (WITH listed AS ({rows}) {extract.query}) "
                f"TO {quote(str(beside))} ({options})"
            )

        read_list(connection, listed, extract.columns, extract.rules, keep, texts=extract.texts)
