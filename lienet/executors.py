"""Fan-out over items with a flat memory: ordered results, a bounded number in flight.

One interface, ``concurrent.futures``; local processes are started with ``spawn`` so that a worker
never inherits threads, locks or a tracker's connection.
"""

from __future__ import annotations

import multiprocessing
import multiprocessing.connection
import os
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from typing import TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")


def count_workers(requested: int) -> int:
    """Return ``requested``, or for 0 the number of processors this process may use."""
    return requested if requested > 0 else len(os.sched_getaffinity(0))


def map_ordered(
    function: Callable[[Item], Result],
    items: Iterable[Item],
    *,
    num_workers: int,
    in_flight_per_worker: int = 4,
) -> Iterator[Result]:
    """Yield ``function(item)`` in the order of ``items``, computed by ``num_workers`` processes.

    With one worker everything runs in this process. At most ``num_workers *
    in_flight_per_worker`` items are held at once, however many there are.

    Args:
        function: a picklable function of one item.
        items: any iterable; it is read lazily.
        num_workers: processes; 0 takes one for each processor.
        in_flight_per_worker: items submitted ahead for each worker.
    """
    workers = count_workers(num_workers)
    if workers == 1:
        yield from map(function, items)
        return
    context = multiprocessing.get_context("spawn")
    pending: deque[Future[Result]] = deque()
    with ProcessPoolExecutor(workers, mp_context=context, initializer=_end_with_parent) as pool:
        try:
            for item in items:
                pending.append(pool.submit(function, item))
                if len(pending) >= workers * in_flight_per_worker:
                    yield pending.popleft().result()
            while pending:
                yield pending.popleft().result()
        finally:
            for future in pending:
                future.cancel()


def _end_with_parent() -> None:
    """End this worker when its parent is killed; it would wait for work for ever otherwise."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        threading.Thread(target=_exit_after, args=(parent.sentinel,), daemon=True).start()


def _exit_after(sentinel: int) -> None:
    multiprocessing.connection.wait([sentinel])
    os._exit(1)
