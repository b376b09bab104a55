"""A progress bar on a terminal; elsewhere a line in the log every half minute.

Rich is imported with the first bar: processes that only work never draw.
"""

from __future__ import annotations

import logging
import math
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from typing import TypeVar

logger = logging.getLogger(__name__)
_QUIET_S = 2.0
"""What is over sooner shows no bar."""
_LOG_EVERY_S = 30.0
_TELL_EVERY_S = 1.0

Item = TypeVar("Item")


class ProgressBar:
    """How far some work is; to be used as a context.

    Args:
        label: what is worked on.
        noun: what is counted, in the plural.
        total: how many there will be, if that is known.
        describe: what else is shown, such as a rate; asked at each update.
    """

    def __init__(
        self,
        label: str,
        *,
        noun: str,
        total: int | None = None,
        describe: Callable[[], str] = lambda: "",
    ) -> None:
        from rich.console import Console
        from rich.progress import Progress, TextColumn, TimeElapsedColumn

        columns = Progress.get_default_columns()
        if total is None:
            columns = (TextColumn(f"{{task.description}}: {{task.completed}} {noun}"),)
            columns += (TimeElapsedColumn(),)
        columns += (TextColumn("{task.fields[more]}"),)
        self._label, self._noun, self._describe = label, noun, describe
        self._of = "" if total is None else f" of {total}"
        self._started_s = self._logged_s = time.monotonic()
        self._is_drawn = sys.stderr.isatty()
        console = Console(stderr=True)
        self._bar = Progress(*columns, console=console, transient=True, disable=not self._is_drawn)
        self._task = self._bar.add_task(label, total=total, visible=False, more="")

    def __enter__(self) -> ProgressBar:
        self._bar.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._bar.stop()

    def update(self, count: int) -> None:
        """Show that so many are done with; to be called again even if none was since."""
        now_s = time.monotonic()
        if self._is_drawn:
            is_long = now_s - self._started_s > _QUIET_S
            self._bar.update(self._task, completed=count, visible=is_long, more=self._describe())
        elif now_s - self._logged_s > _LOG_EVERY_S:
            self._logged_s = now_s
            line = f"{self._label}: {count}{self._of} {self._noun} so far"
            logger.info("%s", ", ".join(filter(None, [line, self._describe()])))


def throttle(tell: Callable[[int], None]) -> Callable[[int], None]:
    """Return ``tell`` for counts that come faster than eyes follow: once a second is enough."""
    told_s = -math.inf

    def tell_now_and_then(count: int) -> None:
        nonlocal told_s
        now_s = time.monotonic()
        if now_s - told_s >= _TELL_EVERY_S:
            told_s = now_s
            tell(count)

    return tell_now_and_then


def watch(
    items: Iterable[Item], label: str, *, noun: str, total: int | None = None
) -> Iterator[Item]:
    """Pass items on, and show how many have come.

    Args:
        items: taken one by one, as they are asked for.
        label: what is worked on.
        noun: what the items are, in the plural.
        total: how many there will be, if that is known.
    """
    with ProgressBar(label, noun=noun, total=total) as bar:
        for count, item in enumerate(items, start=1):
            bar.update(count)
            yield item
