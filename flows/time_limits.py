"""A time limit of a piece of work: when it is over, what was running is ended."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager


@contextmanager
def limiting_time(seconds: float | None, end: Callable[[], None]) -> Iterator[threading.Event]:
    """Call ``end``, from another thread, if the body takes too long.

    Args:
        seconds: how long it may take; as long as it likes, if left out.
        end: ends what the body waits for.

    Yields:
        An event that is set if it took too long.
    """
    is_over = threading.Event()
    if seconds is None:
        yield is_over
        return

    def stop() -> None:
        is_over.set()
        end()

    timer = threading.Timer(seconds, stop)
    timer.daemon = True
    timer.start()
    try:
        yield is_over
    finally:
        timer.cancel()
