"""Fan-out over items with a flat memory: ordered results, a bounded number in flight.

Local processes by default, started with ``spawn`` so that a worker never inherits threads, locks or
a tracker's connection; a Dask cluster by its address.
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

from lienet.params import Cluster

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
    cluster: Cluster | None = None,
    images_per_item: int = 1,
) -> Iterator[Result]:
    """Yield ``function(item)`` in the order of ``items``, computed by other processes.

    With one worker and no cluster everything runs in this process. At most ``num_workers *
    in_flight_per_worker`` items are held at once, however many there are; on a cluster as many as
    :func:`lienet.cluster.map_on_cluster` says.

    Args:
        function: a picklable function of one item.
        items: any iterable; it is read lazily.
        num_workers: processes; 0 takes one for each processor.
        in_flight_per_worker: items submitted ahead for each worker.
        cluster: sends the items to Dask if it has an address.
        images_per_item: how much of ``cluster.chunk_images`` an item is.

    Raises:
        ToolError: the cluster fails.
    """
    workers = count_workers(num_workers)
    if cluster is not None and cluster.address is not None:
        from lienet.cluster import map_on_cluster

        chunk_items = max(1, cluster.chunk_images // images_per_item)
        yield from map_on_cluster(
            function, items, cluster=cluster, num_workers=workers, chunk_items=chunk_items
        )
        return
    if workers == 1:
        yield from map(function, items)
        return
    context = multiprocessing.get_context("spawn")
    pending: deque[Future[Result]] = deque()
    pool = ProcessPoolExecutor(workers, mp_context=context, initializer=_end_with_parent)
    try:
        for item in items:
            pending.append(pool.submit(function, item))
            if len(pending) >= workers * in_flight_per_worker:
                yield pending.popleft().result()
        while pending:
            yield pending.popleft().result()
    finally:
        # Futures cancelled one by one would keep the pool from ending (python/cpython#94440).
        pool.shutdown(cancel_futures=True)


def _end_with_parent() -> None:
    """End this worker when its parent is killed; it would wait for work for ever otherwise."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        threading.Thread(target=_exit_after, args=(parent.sentinel,), daemon=True).start()


def _exit_after(sentinel: int) -> None:
    multiprocessing.connection.wait([sentinel])
    os._exit(1)
