"""What a transfer has done so far, shown while it goes on and summed up at its end.

On a terminal that is a bar with rate and time left; elsewhere a line in the log every 30 seconds.
"""

from __future__ import annotations

import logging
import sys
import time
from collections import Counter
from collections.abc import Callable
from types import TracebackType

from rich.console import Console
from rich.filesize import decimal
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

from lienet.transfer.requests import Arrived

logger = logging.getLogger(__name__)
_QUIET_S = 2.0
_SAY_EVERY_S = 30.0
_STATUSES = ("fetched", "resumed", "present", "missing", "refused")


class Tally:
    """Counts of what became of files, with the reasons of those that are not there."""

    def __init__(self, label: str, total: int | None) -> None:
        self.label = label
        self.total = total
        """How many files there are to be, if that is known."""
        self.counts: Counter[str] = Counter()
        self.reasons: Counter[str] = Counter()
        self.num_bytes = 0
        """That came over the network."""
        self.started_s = time.monotonic()
        self.refused_in_a_row = 0

    def count(self, arrived: Arrived) -> None:
        """Count one file."""
        self.counts[arrived.status] += 1
        if not arrived.is_here:
            self.reasons[f"{arrived.status}: {arrived.reason}"] += 1
        self.refused_in_a_row = self.refused_in_a_row + 1 if arrived.status == "refused" else 0

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
        taken_s = max(time.monotonic() - self.started_s, 1e-3)
        return f"{decimal(int(self.num_bytes / taken_s))}/s, {self.num_files / taken_s:.1f} files/s"

    def summarize(self) -> str:
        """Return one line: how many became what, and why some are not there."""
        line = ", ".join(f"{self.counts[status]} {status}" for status in _STATUSES)
        reasons = ", ".join(f"{count} {reason}" for reason, count in self.reasons.most_common())
        return f"{line} ({reasons})" if reasons else line


class Display:
    """Shows a tally while files come; to be used as a context."""

    def __init__(self, tally: Tally, show: Callable[[Tally], None] | None = None) -> None:
        self._tally = tally
        self._show = show
        self._said_s = tally.started_s
        is_silent = show is not None or not sys.stderr.isatty()
        self._bar = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            TextColumn("{task.fields[rate]}"),
            TimeRemainingColumn(),
            console=Console(stderr=True),
            transient=True,
            disable=is_silent,
        )
        self._task = self._bar.add_task(tally.label, total=tally.total, visible=False, rate="")

    def __enter__(self) -> Display:
        self._bar.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._bar.stop()

    def redraw(self) -> None:
        """Draw the bar at once, as it is else done ten times a second."""
        self._bar.refresh()

    def refresh(self) -> None:
        """Show how far it is, if it is time to."""
        tally, now_s = self._tally, time.monotonic()
        if self._show is not None:
            self._show(tally)
        elif not self._bar.disable:
            is_long = now_s - tally.started_s > _QUIET_S
            self._bar.update(
                self._task,
                completed=tally.num_files,
                visible=is_long,
                description=f"{tally.label}: {tally.num_files:,} files",
                rate=tally.describe_rate(),
            )
        elif now_s - self._said_s > _SAY_EVERY_S:
            self._said_s = now_s
            of = f" of {tally.total}" if tally.total is not None else ""
            logger.info(
                "%s: %d%s files so far, %s",
                tally.label,
                tally.num_files,
                of,
                tally.describe_rate(),
            )
