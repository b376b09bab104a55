"""What tests kill: a transfer of several seconds, in a module that is light to load."""

from __future__ import annotations

from pathlib import Path

from lienet.params import Transfer
from lienet.transfer.batches import Wanted, fetch_all


def fetch_slowly(wanted: list[Wanted], folder: Path, limits: Transfer) -> None:
    """Fetch at most 150 files a second."""
    slow = limits.model_copy(update={"requests_per_s": 150.0, "concurrency_per_host": 8})
    for _ in fetch_all(wanted, folder, slow):
        pass
