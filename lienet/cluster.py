"""Fan-out over a Dask cluster: chunks of items out, their results back in order.

Owns the client, the chunks and what is said when a cluster fails. A chunk whose worker dies is done
again elsewhere, by Dask; since results depend on items alone, the bytes made of them stay the same.
Pending futures are held by ourselves because distributed's own executor brings every result to this
process as soon as it is there, and its ``map`` submits all items at once. It refuses workers that
run other code than this process. A Dask cluster is trusted: whoever reaches its scheduler runs code
on its workers and on this machine (see docs/scale.md).
"""

from __future__ import annotations

import logging
import platform
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import CancelledError
from contextlib import contextmanager, suppress
from functools import lru_cache
from itertools import islice
from typing import TYPE_CHECKING, Any, TypeVar

from lienet.errors import ToolError
from lienet.fingerprint import Fingerprints
from lienet.params import Cluster
from lienet.plugins import list_plugins

if TYPE_CHECKING:
    import distributed

Item = TypeVar("Item")
Result = TypeVar("Result")
_Chunk = tuple[list[Any], Exception | None]
"""What comes back: the results of a chunk, and the error that ended it."""
logger = logging.getLogger(__name__)
_LOOK_EVERY_S = 2.0
_ONE_AT_A_TIME = threading.Lock()
"""Detectors and codecs are made for processes: further threads of a worker wait."""


def map_on_cluster(
    function: Callable[[Item], Result],
    items: Iterable[Item],
    *,
    cluster: Cluster,
    num_workers: int,
    chunk_items: int,
    in_flight_per_worker: int = 2,
) -> Iterator[Result]:
    """Yield ``function(item)`` in the order of ``items``, computed by Dask workers.

    Workers may come, go and die meanwhile. At most ``in_flight_per_worker`` chunks for each worker
    are held at once, results included, however many items there are.

    Args:
        function: importable by the workers, with what is bound to it picklable.
        items: any iterable; it is read lazily.
        cluster: an address, or "local".
        num_workers: processes of a local cluster.
        chunk_items: items that go out as one task.
        in_flight_per_worker: chunks submitted ahead for each worker.

    Raises:
        ToolError: no scheduler or no worker is to be had, a worker runs other code, or a chunk
            killed one worker after another.
    """
    remaining = iter(items)
    code = describe_code()
    pending: deque[distributed.Future[_Chunk]] = deque()
    with _connect(cluster, num_workers) as client:
        crew = _Crew(client, cluster)
        try:
            while True:
                room = max(1, crew.count()) * in_flight_per_worker - len(pending)
                for _ in range(room):
                    if chunk := list(islice(remaining, chunk_items)):
                        pending.append(
                            client.submit(run_chunk, function, chunk, code, pure=False, retries=0)
                        )
                if not pending:
                    return
                results: list[Result]
                results, error = crew.wait_for(pending.popleft())
                yield from results
                if error is not None:
                    raise error
        finally:
            client.cancel(list(pending))


def run_chunk(
    function: Callable[[Item], Result], chunk: list[Item], code: str
) -> tuple[list[Result], Exception | None]:
    """Compute a chunk on a worker; an error ends it, and comes back beside what went before.

    Raises:
        ToolError: this process runs other code than the one that sent the chunk.
    """
    if describe_code() != code:
        raise ToolError(
            f"the Dask worker on {platform.node()} runs other code than the stage",
            remedy="give every worker the same commit and the versions of constraints.txt",
        )
    results: list[Result] = []
    with _ONE_AT_A_TIME:
        try:
            results.extend(map(function, chunk))
        except Exception as error:  # it belongs to its item and is raised in its place
            return results, error
    return results, None


@lru_cache(maxsize=1)
def describe_code() -> str:
    """Return the fingerprint of all that decides bytes here, whichever stage is at work."""
    return Fingerprints().of_all().digest


class _Crew:
    """The workers of a cluster, and how long there has been none."""

    def __init__(self, client: distributed.Client, cluster: Cluster) -> None:
        self._client, self._cluster = client, cluster
        self._seen_at_s = time.monotonic()
        self._has_warned = False
        while not self.count():
            time.sleep(0.1)

    def count(self) -> int:
        """Return how many workers there are now.

        Raises:
            ToolError: there has been none for too long.
        """
        try:
            threads = self._client.nthreads()
        except (OSError, TimeoutError):
            threads = {}
        now_s = time.monotonic()
        if threads:
            self._seen_at_s = now_s
            self._warn_of(max(threads.values()))
        elif now_s - self._seen_at_s > self._cluster.timeout_s:
            raise ToolError(
                f"the Dask cluster at {self._cluster.address} has had no worker for "
                f"{self._cluster.timeout_s:g} s",
                remedy="start `dask worker --nthreads 1 ADDRESS`, then run the stage again",
            )
        return len(threads)

    def wait_for(self, future: distributed.Future[_Chunk]) -> _Chunk:
        """Return a chunk's results, however many workers it takes.

        Raises:
            ToolError: as :func:`map_on_cluster` says.
        """
        from distributed import KilledWorker, wait

        while True:
            try:
                wait(future, timeout=_LOOK_EVERY_S)
                # Bounded: Dask waits for ever where a worker dies while its result is fetched.
                return future.result(timeout=self._cluster.timeout_s)
            except TimeoutError:
                self.count()
            except KilledWorker as error:
                raise ToolError(
                    f"a chunk of images killed one Dask worker after another: {error}",
                    remedy="look at the workers' logs and memory, or lower cluster.chunk_images",
                ) from error
            except CancelledError as error:
                raise ToolError(
                    f"the Dask scheduler at {self._cluster.address} was lost",
                    remedy="start it and its workers again, then run the stage again",
                ) from error

    def _warn_of(self, num_threads: int) -> None:
        if num_threads > 1 and not self._has_warned:
            self._has_warned = True
            logger.warning(
                "a Dask worker has %d threads, of which one works: start more workers with "
                "--nthreads 1 instead",
                num_threads,
            )


@contextmanager
def _connect(cluster: Cluster, num_workers: int) -> Iterator[distributed.Client]:
    from distributed import Client, LocalCluster

    if cluster.address == "local":
        with (
            LocalCluster(
                n_workers=num_workers, threads_per_worker=1, dashboard_address="127.0.0.1:0"
            ) as local,
            Client(local) as client,
        ):
            _send_plugins(client)
            yield client
        return
    try:
        client = Client(cluster.address, timeout=cluster.timeout_s)
    except (OSError, TimeoutError) as error:
        raise ToolError(
            f"no Dask scheduler answers at {cluster.address}",
            remedy="start `dask scheduler` there, or set cluster.address to null",
        ) from error
    try:
        logger.info("Dask cluster at %s", cluster.address)
        _send_plugins(client)
        yield client
    finally:
        # Of a client whose scheduler is lost it may fail, and would hide the error that is raised.
        with suppress(OSError, TimeoutError, RuntimeError):
            client.close()


def _send_plugins(client: distributed.Client) -> None:
    """Give every worker, also one that comes later, the plugin files of this process."""
    for path in list_plugins():
        client.upload_file(str(path))
