"""What is kept of an official list: it is fetched once, verified, and kept as Parquet beside.

The list itself, however long, lies on the disk while it is read, and is removed when all that is
wanted of it was kept. An extract says what it was made from, and is made anew when that changes,
or when it was cut short. It does not know what a list holds.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lienet.catalogues.remote import Depot, fetch_one
from lienet.files import replacing, sha256_of_json
from lienet.transfer.batches import RemoteFile

if TYPE_CHECKING:
    import pyarrow as pa

logger = logging.getLogger(__name__)
_FORM = 1
"""Of what is kept; a change of any extract's columns counts it up."""


@dataclass(frozen=True)
class Extract:
    """What is kept of a list."""

    name: str
    """Of the Parquet file, without its ending."""
    made_from: Mapping[str, Any]
    """What decides the rows besides the list; JSON."""
    read: Callable[[Path], Iterator[pa.RecordBatch]]
    """Gives the rows, from the path of the fetched list."""
    schema: pa.Schema


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
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        stored = pq.read_schema(path).metadata or {}
        identity: str | None = json.loads(stored.get(b"lienet", b"{}")).get("identity")
    except (OSError, pa.ArrowException, ValueError):
        return None  # not there, or cut short
    return identity


def _write(extract: Extract, path: Path, url: str, listed: Path) -> None:
    import pyarrow.parquet as pq

    said = json.dumps({"identity": _identify(extract, url), "url": url})
    described = extract.schema.with_metadata({"lienet": said})
    with (
        replacing(path) as beside,
        pq.ParquetWriter(beside, described, compression="zstd") as writer,
    ):
        for batch in extract.read(listed):
            writer.write_batch(batch.cast(described))
