"""The thread in which transfers run: files go in, and what became of each comes out of a queue."""

from __future__ import annotations

import asyncio
import errno
import os
import threading
from collections.abc import Callable
from pathlib import Path
from queue import Empty, SimpleQueue
from types import TracebackType

from lienet.params import Transfer
from lienet.transfer.blocking_pool import Desk
from lienet.transfer.fetching import Fetcher
from lienet.transfer.requests import Arrived, Wanted

_DISK_THREADS = 8
"""For hashing and the disk; more only wait for each other."""
_OF_ONE_FILE = {errno.ENAMETOOLONG, errno.EISDIR, errno.ENOTDIR, errno.EINVAL, errno.EILSEQ}
_OF_ONE_FILE |= {errno.EEXIST, errno.ENOTEMPTY, errno.ELOOP}

_TELLING_S = 0.005
_TWICE = "duplicate name"


class Engine:
    """An event loop with a client, in a thread of its own; to be used as a context."""

    def __init__(
        self,
        folder: Path,
        limits: Transfer,
        *,
        content_retries: int | None = None,
        count_bytes: Callable[[int], None] = lambda _: None,
    ) -> None:
        self.folder = folder
        self._limits = limits
        self._content_retries = content_retries
        self._count_bytes = count_bytes
        self._results: SimpleQueue[list[Arrived] | BaseException] = SimpleQueue()
        self._untold: list[Arrived] = []
        self._is_ready = threading.Event()
        self._thread = threading.Thread(target=self._run, name="transfers", daemon=True)
        self._names: set[str] = set()
        self._tasks: set[asyncio.Task[None]] = set()

    def __enter__(self) -> Engine:
        self._thread.start()
        self._is_ready.wait()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._thread.is_alive():
            self._loop.call_soon_threadsafe(self._is_over.set)
            self._thread.join()

    def submit(self, batch: list[Wanted]) -> None:
        """Begin to fetch some files."""
        if not batch:
            return
        begun, refused = [], []
        for wanted in batch:
            if not wanted.is_named_safely:
                refused.append(Arrived(wanted, "refused", "unsafe name", detail=wanted.name))
            elif wanted.name in self._names:
                refused.append(Arrived(wanted, "refused", _TWICE, detail=wanted.name))
            else:
                self._names.add(wanted.name)
                begun.append((wanted, self._has_traces(wanted)))
        if refused:
            self._results.put(refused)
        self._loop.call_soon_threadsafe(self._begin, begun)

    def wait(self, timeout_s: float) -> list[Arrived]:
        """Return the next results, or none if there are none within so long.

        Raises:
            OSError: the disk fails.
        """
        try:
            results = self._results.get(timeout=timeout_s)
        except Empty:
            if not self._thread.is_alive():
                raise RuntimeError("the thread of the transfers has died") from None
            return []
        if isinstance(results, BaseException):
            raise results
        self._names.difference_update(
            result.wanted.name for result in results if result.reason != _TWICE
        )
        return results

    def _has_traces(self, wanted: Wanted) -> bool:
        target = f"{self.folder}/{wanted.name}"
        return os.path.lexists(target) or os.path.lexists(f"{target}.part")

    def _run(self) -> None:
        try:
            asyncio.run(self._serve())
        except BaseException as error:
            self._results.put(error)
        finally:
            self._is_ready.set()

    async def _serve(self) -> None:
        from lienet.transfer.connections import Client

        self._loop = asyncio.get_running_loop()
        self._is_over = asyncio.Event()
        with Desk(_DISK_THREADS) as desk:
            async with Client(self._limits) as client:
                self._fetcher = Fetcher(
                    client,
                    desk,
                    self.folder,
                    self._limits,
                    content_retries=self._content_retries,
                    count_bytes=self._count_bytes,
                )
                self._is_ready.set()
                await self._is_over.wait()
                for task in self._tasks:
                    task.cancel()
                await asyncio.gather(*self._tasks, return_exceptions=True)

    def _begin(self, batch: list[tuple[Wanted, bool]]) -> None:
        for wanted, has_traces in batch:
            task = self._loop.create_task(self._fetch(wanted, has_traces=has_traces))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _fetch(self, wanted: Wanted, *, has_traces: bool) -> None:
        try:
            self._tell(await self._fetcher.fetch(wanted, has_traces=has_traces))
        except OSError as error:
            if error.errno in _OF_ONE_FILE:
                detail = f"{wanted.name}: {error.strerror}"
                self._tell(Arrived(wanted, "refused", "cannot be stored", detail=detail))
            else:
                self._tell_error(error)
        except asyncio.CancelledError:
            raise
        except BaseException as error:
            self._tell_error(error)

    def _tell(self, result: Arrived) -> None:
        """Pass a result on, soon: a thread that is woken for each takes the loop's time."""
        if not self._untold:
            self._loop.call_later(_TELLING_S, self._tell_all)
        self._untold.append(result)

    def _tell_all(self) -> None:
        told, self._untold = self._untold, []
        if told:
            self._results.put(told)

    def _tell_error(self, error: BaseException) -> None:
        self._tell_all()  # what came before it is there
        self._results.put(error)
