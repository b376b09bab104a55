"""Many remote files brought into one folder, each verified, whole or not there at all.

``wanted`` goes in as it is read and results come out as files are done with, in any order; what is
in between is bounded, so that ten million files need no more memory than a thousand. The event
loop has a thread of its own: transfers go on while the caller works on what has come.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from operator import length_hint
from pathlib import Path

from lienet.errors import TransferError
from lienet.params import Transfer
from lienet.transfer.engine import Engine
from lienet.transfer.file_locks import explaining, holding
from lienet.transfer.progress import Display, Tally
from lienet.transfer.requests import LOCK_NAME, Arrived, Wanted

__all__ = ["Arrived", "Wanted", "fetch_all"]

logger = logging.getLogger(__name__)
_FILES_PER_SLOT = 8
_HOPELESS_IN_A_ROW = 1000
_REFRESH_S = 0.5


def fetch_all(
    wanted: Iterable[Wanted],
    folder: Path,
    limits: Transfer,
    *,
    show: Callable[[Tally], None] | None = None,
    total: int | None = None,
    label: str = "transfer",
) -> Iterator[Arrived]:
    """Fetch files into a folder and yield what became of each, as they come.

    A file that is there already is verified instead. What a run that was killed left is continued.
    To end early, close the iterator.

    Args:
        wanted: read in the caller's thread, a few hundred ahead of the results.
        folder: where the files go; made if need be.
        limits: how hard a server is asked, and how long it is waited for.
        show: called with the tally every now and then, in place of the bar or the log.
        total: how many files there are; by default what ``wanted`` says of its length.
        label: what the bar and the log call the whole.

    Raises:
        TransferError: more than ``max_failed_share`` of the files are missing or refused, or so
            many in a row are refused that the others will be.
        InputError: the folder cannot be written, or another run is writing to it.
    """
    tally = Tally(label, total if total is not None else length_hint(wanted, 0) or None)
    with explaining(folder):
        folder.mkdir(parents=True, exist_ok=True)
    try:
        with holding(folder / LOCK_NAME, whose=folder):
            engine = Engine(folder, limits, count_bytes=tally.count_bytes)
            with engine, Display(tally, show) as display:
                yield from _pump(iter(wanted), engine, tally, display, limits)
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
    wanted: Iterator[Wanted], engine: Engine, tally: Tally, display: Display, limits: Transfer
) -> Iterator[Arrived]:
    window = _FILES_PER_SLOT * limits.concurrency_per_host
    in_flight = 0
    while True:
        if in_flight <= window * 3 // 4:
            batch = list(islice(wanted, window - in_flight))
            engine.submit(batch)
            in_flight += len(batch)
        if not in_flight:
            return
        with explaining(engine.folder):
            results = engine.wait(_REFRESH_S)
        display.refresh()
        in_flight -= len(results)
        for arrived in results:
            tally.count(arrived)
            if not arrived.is_here:
                logger.debug("%s: %s: %s", arrived.wanted.name, arrived.reason, arrived.detail)
            yield arrived
            if tally.refused_in_a_row >= _HOPELESS_IN_A_ROW:
                raise TransferError(
                    f"{tally.label}: {_HOPELESS_IN_A_ROW} files in a row were refused, "
                    f"the last for: {arrived.reason}",
                    remedy="see to the network or the server, then run it again",
                )
