"""The background thread that fetches files: files are submitted, results come from a queue."""

from __future__ import annotations

import asyncio
import errno
import os
import threading
from collections.abc import Callable
from pathlib import Path
from queue import Empty, SimpleQueue

from lienet.params import Transfer
from lienet.transfer.blocking_pool import BlockingPool
from lienet.transfer.fetching import Fetcher
from lienet.transfer.requests import FetchResult, RemoteFile

_DISK_THREADS = 8
"""For hashing and the disk; more only wait for each other."""
_OF_ONE_FILE = {errno.ENAMETOOLONG, errno.EISDIR, errno.ENOTDIR, errno.EINVAL, errno.EILSEQ}
_OF_ONE_FILE |= {errno.EEXIST, errno.ENOTEMPTY, errno.ELOOP}

_SEND_DELAY_S = 0.005
_DUPLICATE = "duplicate name"


class Engine:
    """Fetches files into a folder by an event loop in its own thread; to be used as a context."""

    def __init__(
        self,
        folder: Path,
        limits: Transfer,
        count_bytes: Callable[[int], None] = lambda _: None,
    ) -> None:
        self.folder = folder
        self._limits = limits
        self._count_bytes = count_bytes
        self._results: SimpleQueue[list[FetchResult] | BaseException] = SimpleQueue()
        self._unsent: list[FetchResult] = []
        self._is_ready = threading.Event()
        self._thread = threading.Thread(target=self._run, name="transfers", daemon=True)
        self._names: set[str] = set()
        self._tasks: set[asyncio.Task[None]] = set()

    def __enter__(self) -> Engine:
        self._thread.start()
        self._is_ready.wait()
        return self

    def __exit__(self, *_: object) -> None:
        if self._thread.is_alive():
            self._loop.call_soon_threadsafe(self._is_over.set)
            self._thread.join()

    def submit(self, batch: list[RemoteFile]) -> None:
        """Start to fetch some files."""
        if not batch:
            return
        started, refused = [], []
        for file in batch:
            if not file.is_named_safely:
                refused.append(FetchResult(file, "refused", "unsafe name", detail=file.name))
            elif file.name in self._names:
                refused.append(FetchResult(file, "refused", _DUPLICATE, detail=file.name))
            else:
                self._names.add(file.name)
                started.append((file, self._has_traces(file)))
        if refused:
            self._results.put(refused)
        self._loop.call_soon_threadsafe(self._start, started)

    def wait(self, timeout_s: float) -> list[FetchResult]:
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
            result.file.name for result in results if result.reason != _DUPLICATE
        )
        return results

    def _has_traces(self, file: RemoteFile) -> bool:
        target = f"{self.folder}/{file.name}"
        return os.path.lexists(target) or os.path.lexists(f"{target}.part")

    def _run(self) -> None:
        try:
            asyncio.run(self._serve())
        except BaseException as error:
            self._results.put(error)
        finally:
            self._is_ready.set()

    async def _serve(self) -> None:
        from lienet.transfer.http_client import HttpClient

        self._loop = asyncio.get_running_loop()
        self._is_over = asyncio.Event()
        with BlockingPool(_DISK_THREADS) as pool:
            async with HttpClient(self._limits) as client:
                self._fetcher = Fetcher(
                    client,
                    pool,
                    self.folder,
                    self._limits,
                    count_bytes=self._count_bytes,
                )
                self._is_ready.set()
                await self._is_over.wait()
                for task in self._tasks:
                    task.cancel()
                await asyncio.gather(*self._tasks, return_exceptions=True)

    def _start(self, batch: list[tuple[RemoteFile, bool]]) -> None:
        for file, has_traces in batch:
            task = self._loop.create_task(self._fetch(file, has_traces=has_traces))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _fetch(self, file: RemoteFile, *, has_traces: bool) -> None:
        try:
            self._send(await self._fetcher.fetch(file, has_traces=has_traces))
        except OSError as error:
            if error.errno in _OF_ONE_FILE:
                detail = f"{file.name}: {error.strerror}"
                self._send(FetchResult(file, "refused", "cannot be stored", detail=detail))
            else:
                self._send_error(error)
        except asyncio.CancelledError:
            raise
        except BaseException as error:
            self._send_error(error)

    def _send(self, result: FetchResult) -> None:
        """Send a result out, a little later: waking the other thread for each costs too much."""
        if not self._unsent:
            self._loop.call_later(_SEND_DELAY_S, self._send_all)
        self._unsent.append(result)

    def _send_all(self) -> None:
        results, self._unsent = self._unsent, []
        if results:
            self._results.put(results)

    def _send_error(self, error: BaseException) -> None:
        self._send_all()  # what came before it is there
        self._results.put(error)
