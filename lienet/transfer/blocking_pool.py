"""A thread pool for blocking file work, whose results reach the event loop in batches.

``loop.run_in_executor`` wakes the loop once for each job, and takes three locks for it; where jobs
are as short as hashing and storing a small file, that costs more than the job.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from queue import SimpleQueue
from types import TracebackType
from typing import Any, TypeVar

_Result = TypeVar("_Result")
_Job = tuple[Callable[[], Any], asyncio.Future[Any]]


class BlockingPool:
    """Threads that work for the event loop they are started in; to be used as a context."""

    def __init__(self, num_threads: int) -> None:
        self._loop = asyncio.get_running_loop()
        self._jobs: SimpleQueue[_Job | None] = SimpleQueue()
        self._done: SimpleQueue[tuple[asyncio.Future[Any], Any, BaseException | None]]
        self._done = SimpleQueue()
        self._is_delivery_due = False
        self._threads = [
            threading.Thread(target=self._work, name=f"disk {number}", daemon=True)
            for number in range(num_threads)
        ]

    def __enter__(self) -> BlockingPool:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for _ in self._threads:
            self._jobs.put(None)
        for thread in self._threads:
            thread.join()

    async def run(self, function: Callable[[], _Result]) -> _Result:
        """Run a function in a thread; return what it returns, or raise what it raises.

        Even when this is cancelled, it first waits for the function's end.
        """
        future: asyncio.Future[_Result] = self._loop.create_future()
        self._jobs.put((function, future))
        try:
            return await asyncio.shield(future)
        except asyncio.CancelledError:
            await asyncio.wait([future])
            raise

    def _work(self) -> None:
        while (job := self._jobs.get()) is not None:
            function, future = job
            try:
                self._done.put((future, function(), None))
            except BaseException as error:
                self._done.put((future, None, error))
            if not self._is_delivery_due:  # else the loop, once it comes, finds this one too
                self._is_delivery_due = True
                self._loop.call_soon_threadsafe(self._deliver)

    def _deliver(self) -> None:
        self._is_delivery_due = False  # first: what is done from here on asks again
        while not self._done.empty():
            future, result, error = self._done.get()
            if error is not None:
                future.set_exception(error)
            else:
                future.set_result(result)
