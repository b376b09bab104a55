"""Counts of what became of the files of a transfer, and its rate."""

from __future__ import annotations

import time
from collections import Counter

from lienet.transfer.requests import FetchResult

_STATUSES = ("fetched", "resumed", "present", "missing", "refused")


class Tally:
    """Counts of what became of files, with the reasons of those that are not there."""

    def __init__(self) -> None:
        self.counts: Counter[str] = Counter()
        self.reasons: Counter[str] = Counter()
        self.num_bytes = 0
        """That came over the network."""
        self.started_s = time.monotonic()
        self.refused_in_a_row = 0

    def count(self, result: FetchResult) -> None:
        """Count one file."""
        self.counts[result.status] += 1
        if not result.is_stored:
            self.reasons[f"{result.status}: {result.reason}"] += 1
        self.refused_in_a_row = self.refused_in_a_row + 1 if result.status == "refused" else 0

    def count_bytes(self, num_bytes: int) -> None:
        """Count bytes that came."""
        self.num_bytes += num_bytes

    @property
    def num_files(self) -> int:
        """How many files are done with."""
        return self.counts.total()

    @property
    def num_failed(self) -> int:
        """How many are not there."""
        return self.counts["missing"] + self.counts["refused"]

    def describe_rate(self) -> str:
        """Return bytes and files a second since the beginning."""
        from rich.filesize import decimal

        taken_s = max(time.monotonic() - self.started_s, 1e-3)
        return f"{decimal(int(self.num_bytes / taken_s))}/s, {self.num_files / taken_s:.1f} files/s"

    def summarize(self) -> str:
        """Return one line: how many became what, and why some are not there."""
        line = ", ".join(f"{self.counts[status]} {status}" for status in _STATUSES)
        reasons = ", ".join(f"{count} {reason}" for reason, count in self.reasons.most_common())
        return f"{line} ({reasons})" if reasons else line
