"""Fetching one file: its requests, retries and waits, until it is verified or given up."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from lienet.params import Transfer
from lienet.transfer.blocking_pool import BlockingPool
from lienet.transfer.partial_files import FLUSH_BYTES, PartialFile
from lienet.transfer.rate_limits import HostLimiter, draw_backoff_s, parse_retry_after_s
from lienet.transfer.requests import BrokenRequestError, Fault, FetchResult, RemoteFile
from lienet.transfer.verification import FileHeaders, read_file_headers

if TYPE_CHECKING:
    from yarl import URL

    from lienet.transfer.http_client import HttpClient, Response

_PASSING_STATUSES = {408, 425, 429, 500, 502, 503, 504, 509, 520, 521, 522, 523, 524}
_MISSING_STATUSES = {404, 410}
_STALL_BYTES = 1024
_PROGRESS_BYTES = 2**20


class Fetcher:
    """Fetches one file after another, many at a time, into a folder."""

    def __init__(
        self,
        client: HttpClient,
        pool: BlockingPool,
        folder: Path,
        limits: Transfer,
        count_bytes: Callable[[int], None],
    ) -> None:
        self._client = client
        self._pool = pool
        self._folder = folder
        self._limits = limits
        self._count_bytes = count_bytes
        self._limiters: dict[str, HostLimiter] = {}

    async def fetch(self, file: RemoteFile, *, has_traces: bool) -> FetchResult:
        """Fetch one file, or say why it cannot be had.

        Args:
            file: what to fetch.
            has_traces: whether its target or a partial file may be on the disk already.

        Raises:
            OSError: the disk fails.
        """
        partial = PartialFile(file, self._folder)
        if has_traces and (result := await self._pool.run(partial.load)):
            return result
        try:
            return await self._retry(partial)
        except BaseException:
            await self._pool.run(partial.write)
            raise

    async def _retry(self, partial: PartialFile) -> FetchResult:
        from lienet.transfer.http_client import parse_address

        try:
            url = parse_address(partial.file.url)
        except BrokenRequestError as error:
            return _refuse(partial.file, error.fault)
        limiter = self._find_limiter(url.host_port_subcomponent or "")
        attempt = reached_bytes = 0
        waited_s = 0.0
        while True:
            outcome = await self._attempt(partial, limiter, url)
            if isinstance(outcome, FetchResult):
                return outcome
            if partial.file.size_bytes and partial.size_bytes >= reached_bytes + _PROGRESS_BYTES:
                attempt, reached_bytes = 0, partial.size_bytes  # a large file, in several pieces
            attempt += 1
            wait_s = draw_backoff_s(attempt, self._limits)
            if outcome.retry_after_s is not None:  # the host is busy: no failing of this file
                wait_s = max(wait_s, outcome.retry_after_s)
                waited_s += wait_s
                is_over = waited_s > self._limits.total_timeout_s
                attempt -= 1
                if not is_over:
                    limiter.pause(outcome.retry_after_s)
            else:
                is_over = attempt > self._limits.retries
            if is_over or outcome.is_final:
                await self._pool.run(partial.abandon)
                return _refuse(partial.file, outcome)
            await asyncio.sleep(wait_s)

    async def _attempt(
        self, partial: PartialFile, limiter: HostLimiter, url: URL
    ) -> FetchResult | Fault:
        async with limiter.slot():
            outcome = await self._request(partial, url)
        if isinstance(outcome, Fault):
            await self._pool.run(partial.end_attempt)
        if not isinstance(outcome, FileHeaders):
            return outcome
        finished = await self._pool.run(lambda: partial.finish(outcome.md5))
        if isinstance(finished, Fault) and finished.is_content:
            if partial.is_resumed:  # perhaps bytes of two versions met: that says little of either
                partial.has_ranges = False
                finished = replace(finished, is_content=False)
            await self._pool.run(partial.discard)
        return finished

    async def _request(self, partial: PartialFile, url: URL) -> FileHeaders | FetchResult | Fault:
        """Make one request; what comes goes into ``partial``, whether it is all or not."""
        headers = {}
        if partial.can_continue:
            headers["Range"] = f"bytes={partial.size_bytes}-"
            if partial.version:
                headers["If-Range"] = partial.version
        elif partial.size_bytes:
            await self._pool.run(partial.discard)
        try:
            async with (
                asyncio.timeout(self._limits.total_timeout_s),
                self._client.get(url, headers) as response,
            ):
                return await self._receive(response, partial)
        except TimeoutError:
            return Fault("timed out", f"not done in {self._limits.total_timeout_s:g} s")
        except BrokenRequestError as error:
            return error.fault

    async def _receive(
        self, response: Response, partial: PartialFile
    ) -> FileHeaders | FetchResult | Fault:
        status = response.status
        described = read_file_headers(response.headers)
        if status == 416 and partial.size_bytes:
            return await self._end_at(response, partial)
        if status in _MISSING_STATUSES:
            await self._pool.run(partial.abandon)
            return FetchResult(
                partial.file, "missing", str(status), detail=f"the server answers {status}"
            )
        if status not in (200, 206):
            after_s = parse_retry_after_s(response.headers.get("Retry-After"))
            is_final = status not in _PASSING_STATUSES
            what = f"the server answers {status}"
            return Fault(f"status {status}", what, is_final, retry_after_s=after_s)
        if (fault := await self._align(response, described, partial)) is not None:
            return fault
        if described.md5 and not partial.file.has_hash:
            await self._pool.run(partial.expect_md5)
        return await self._stream(response, partial, described)

    async def _end_at(self, response: Response, partial: PartialFile) -> FileHeaders | Fault:
        """Nothing lies beyond what is here: that is all of it, or of something else."""
        total = response.headers.get("Content-Range", "").partition("*/")[2]
        if total in ("", str(partial.size_bytes)):
            return FileHeaders(None, "", "", "")
        await self._pool.run(partial.discard)
        return Fault("wrong range", f"the file has {total} bytes now")

    async def _align(
        self, response: Response, described: FileHeaders, partial: PartialFile
    ) -> Fault | None:
        """Discard what the coming body does not continue, or say why that body is of no use."""
        size_bytes = partial.file.size_bytes
        sent = response.headers.get("Content-Range", "").lower()
        is_continued = response.status == 206
        if is_continued and partial.size_bytes and sent.startswith(f"bytes {partial.size_bytes}-"):
            partial.is_resumed = True
        elif is_continued or partial.size_bytes:
            await self._pool.run(partial.discard)
        if is_continued and not partial.size_bytes:
            partial.has_ranges = False
            return Fault("wrong range", f"the server sent {sent or 'a range'}, not the one asked")
        if not is_continued:
            partial.version = described.version
        if described.encoding:
            return Fault("encoded", f"the body is sent as {described.encoding}", is_content=True)
        if size_bytes is None or described.length_bytes is None:
            return None
        total = partial.size_bytes + described.length_bytes
        if total == size_bytes:
            return None
        await self._pool.run(partial.discard)
        if not total:
            return Fault("empty", "the body is empty", is_content=True)
        is_page = response.headers.get("Content-Type", "").startswith("text/html")
        what = f"{total} bytes are offered, expected {size_bytes}"
        return Fault("html" if is_page else "wrong size", what, is_content=True)

    async def _stream(
        self, response: Response, partial: PartialFile, described: FileHeaders
    ) -> FileHeaders | Fault:
        size_bytes = partial.file.size_bytes
        left = float("inf") if size_bytes is None else size_bytes - partial.size_bytes
        detector = _StallDetector(self._limits.stall_timeout_s)
        async for chunk in response.stream():
            self._count_bytes(len(chunk))
            left -= len(chunk)
            if partial.buffer(chunk) >= FLUSH_BYTES:
                await self._pool.run(partial.hash_buffered)
            if left < 0:
                break  # too many already: its verification will say so
            if detector.is_stalled(len(chunk)) and left:
                return Fault("stalled", f"under {_STALL_BYTES} bytes came in {detector.span_s:g} s")
        return described

    def _find_limiter(self, host: str) -> HostLimiter:
        if host not in self._limiters:
            limits = self._limits
            self._limiters[host] = HostLimiter(limits.concurrency_per_host, limits.requests_per_s)
        return self._limiters[host]


class _StallDetector:
    """Notices that so few bytes come that the transfer has stalled."""

    def __init__(self, span_s: float) -> None:
        self.span_s = span_s
        self._since_s = time.monotonic()
        self._num_bytes = 0

    def is_stalled(self, num_bytes: int) -> bool:
        self._num_bytes += num_bytes
        now_s = time.monotonic()
        if now_s - self._since_s < self.span_s:
            return False
        is_too_slow = self._num_bytes < _STALL_BYTES
        self._since_s, self._num_bytes = now_s, 0
        return is_too_slow


def _refuse(file: RemoteFile, fault: Fault) -> FetchResult:
    return FetchResult(file, "refused", fault.reason, detail=fault.detail)
