"""Downloads of listed files into a source's state folder, where they are found afterwards.

What was fetched stays in the state folder, so that a download that was killed, or is repeated,
fetches nothing twice; the stage links the files from there. Fetching comes first and looking at
files second, in the list's order: which of two equal images is kept does not depend on which came
first. It holds no list in memory, only what could not be fetched.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from lienet.catalogues.found import FoundFile
from lienet.errors import TransferError
from lienet.params import Transfer
from lienet.transfer.batches import RemoteFile, fetch_all

_GONE = ("missing", "refused")


@dataclass(frozen=True)
class Listed:
    """One file of a list: what to fetch, and what is known of it."""

    remote: RemoteFile
    found: FoundFile
    """As it is found once it came; its location is filled in."""


@dataclass(frozen=True)
class Depot:
    """Where a source keeps what it fetches, and how it fetches."""

    folder: Path
    """``data/state/download/<source>``."""
    limits: Transfer

    @property
    def lists_dir(self) -> Path:
        """Lists and archives."""
        return self.folder / "lists"

    @property
    def files_dir(self) -> Path:
        """Photographs."""
        return self.folder / "files"


def fetch_listed(list_files: Callable[[], Iterable[Listed]], depot: Depot) -> Iterator[FoundFile]:
    """Fetch all that is listed, and return each file in the list's order, fetched or not.

    Args:
        list_files: gives the list from its beginning, each time the same.
        depot: where the files go.

    Raises:
        TransferError: more files than params allow could not be fetched.
        InputError: the depot cannot be written.
    """
    files = (listed.remote for listed in list_files())
    gone = {
        result.file.name: _say_why(result.status, result.reason)
        for result in fetch_all(files, depot.files_dir, depot.limits)
        if result.status in _GONE
    }
    return (
        replace(
            listed.found,
            location=str(depot.files_dir / listed.remote.name),
            is_kept=True,
            refusal=gone.get(listed.remote.name, ""),
        )
        for listed in list_files()
    )


def fetch_one(file: RemoteFile, depot: Depot) -> Path:
    """Fetch one list or archive and return where it lies.

    Raises:
        TransferError: it cannot be had, or is not the file expected.
    """
    limits = depot.limits.model_copy(update={"max_failed_share": 1.0})  # the error is said here
    for result in fetch_all([file], depot.lists_dir, limits):
        if result.status in _GONE:
            why = _say_why(result.status, result.reason)
            raise TransferError(
                f"cannot fetch {file.url}: {why}",
                remedy=f"try again, or put the file at {depot.lists_dir / file.name}",
            )
    return depot.lists_dir / file.name


def _say_why(status: str, reason: str) -> str:
    """Return a manifest's word for it: lower case, words joined by "_"."""
    return "missing" if status == "missing" else "_".join(reason.lower().split()) or status
