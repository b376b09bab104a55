"""A slow transfer for tests to kill, in a module that loads fast."""

from __future__ import annotations

from pathlib import Path

from lienet.params import Transfer
from lienet.transfer.batches import RemoteFile, fetch_all


def fetch_slowly(files: list[RemoteFile], folder: Path, limits: Transfer) -> None:
    """Fetch at most 150 files a second."""
    slow = limits.model_copy(update={"requests_per_s": 150.0, "concurrency_per_host": 8})
    for _ in fetch_all(files, folder, slow):
        pass
