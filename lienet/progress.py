"""Tells how far a stage is: by a bar on a terminal, by a line in the log now and then elsewhere.

Rich is imported with the first thing that is watched: processes that only work never draw.
"""

from __future__ import annotations

import logging
import sys
import time
from collections.abc import Iterable, Iterator
from typing import TypeVar

logger = logging.getLogger(__name__)
_QUIET_S = 2.0
"""What is over sooner shows no bar."""
_SAY_EVERY_S = 30.0

Item = TypeVar("Item")


def watch(
    items: Iterable[Item], label: str, *, noun: str, total: int | None = None
) -> Iterator[Item]:
    """Pass items on, and tell how many have come.

    Args:
        items: taken one by one, as they are asked for.
        label: what is worked on.
        noun: what the items are, in the plural.
        total: how many there will be, if that is known.
    """
    from rich.console import Console
    from rich.progress import Progress, TextColumn, TimeElapsedColumn

    columns = Progress.get_default_columns()
    if total is None:
        columns = (TextColumn(f"{{task.description}}: {{task.completed}} {noun}"),)
        columns += (TimeElapsedColumn(),)
    of = "" if total is None else f" of {total}"
    is_drawn = sys.stderr.isatty()
    started_s = said_s = time.monotonic()
    console = Console(stderr=True)
    with Progress(*columns, console=console, transient=True, disable=not is_drawn) as bar:
        shown = bar.add_task(label, total=total, visible=False)
        for count, item in enumerate(items, start=1):
            now_s = time.monotonic()
            if is_drawn:
                bar.update(shown, completed=count, visible=now_s - started_s > _QUIET_S)
            elif now_s - said_s > _SAY_EVERY_S:
                said_s = now_s
                logger.info("%s: %d%s %s so far", label, count, of, noun)
            yield item
