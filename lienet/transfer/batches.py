"""Many files into one folder, each verified, whole or not there at all.

Files to fetch are read as they are needed and results come out as files are done with, in any
order; what is in between is bounded, so that ten million files need no more memory than a thousand.
Transfers go on in a thread of their own while the caller works on what has come.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator
from itertools import islice
from operator import length_hint
from pathlib import Path

from lienet.errors import TransferError
from lienet.files import explaining_disk_errors, locked
from lienet.params import Transfer
from lienet.progress import ProgressBar
from lienet.transfer.engine import Engine
from lienet.transfer.requests import DISK_REMEDY, LOCK_NAME, FetchResult, RemoteFile
from lienet.transfer.tally import Tally

__all__ = ["FetchResult", "RemoteFile", "fetch_all"]

logger = logging.getLogger(__name__)
_FILES_PER_SLOT = 8
_HOPELESS_IN_A_ROW = 1000
_REFRESH_S = 0.5


def fetch_all(
    files: Iterable[RemoteFile],
    folder: Path,
    limits: Transfer,
    *,
    total: int | None = None,
    label: str = "transfer",
) -> Iterator[FetchResult]:
    """Fetch files into a folder and yield what became of each, as they come.

    A file that is there already is verified instead. What a run that was killed left is continued.
    To end early, close the iterator.

    Args:
        files: read in the caller's thread, a few hundred ahead of the results.
        folder: where the files go; made if need be.
        limits: how hard a server is asked, and how long it is waited for.
        total: how many files there are; by default what ``files`` says of its length.
        label: what the progress bar and the log call the whole.

    Raises:
        TransferError: more than ``max_failed_share`` of the files are missing or refused, or so
            many in a row are refused that the others will be.
        InputError: the folder cannot be written, or another run is writing to it.
    """
    tally, total = Tally(), total if total is not None else length_hint(files, 0) or None
    try:
        with (
            locked(folder / LOCK_NAME, waits=False),
            Engine(folder, limits, count_bytes=tally.count_bytes) as engine,
            ProgressBar(label, noun="files", total=total, describe=tally.describe_rate) as bar,
        ):
            for result in _pump(iter(files), engine, tally, bar, limits):
                yield result
                if tally.refused_in_a_row >= _HOPELESS_IN_A_ROW:
                    raise TransferError(
                        f"{label}: {_HOPELESS_IN_A_ROW} files in a row were refused, "
                        f"the last for: {result.reason}",
                        remedy="see to the network or the server, then run it again",
                    )
    finally:
        if tally.num_files:
            logger.info("%s: %s", label, tally.summarize())
    if tally.num_failed > limits.max_failed_share * tally.num_files:
        raise TransferError(
            f"{label}: {tally.num_failed} of {tally.num_files} files are not there "
            f"({tally.summarize()}), more than download.transfer.max_failed_share "
            f"{limits.max_failed_share:g}",
            remedy="run it again, which fetches only those, or raise the share",
        )


def _pump(
    files: Iterator[RemoteFile], engine: Engine, tally: Tally, bar: ProgressBar, limits: Transfer
) -> Iterator[FetchResult]:
    """Keep the engine supplied with files, and yield each result as it is counted."""
    window = _FILES_PER_SLOT * limits.concurrency_per_host
    in_flight = 0
    while True:
        if in_flight <= window * 3 // 4:
            batch = list(islice(files, window - in_flight))
            engine.submit(batch)
            in_flight += len(batch)
        if not in_flight:
            return
        with explaining_disk_errors(engine.folder, remedy=DISK_REMEDY):
            results = engine.wait(_REFRESH_S)
        bar.update(tally.num_files)
        in_flight -= len(results)
        for result in results:
            tally.count(result)
            if not result.is_stored:
                logger.debug("%s: %s: %s", result.file.name, result.reason, result.detail)
            yield result
