"""One remote file brought in: its requests, the patience between them, and the verdict."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from lienet.params import Transfer
from lienet.transfer.blocking_pool import Desk
from lienet.transfer.partial_files import FLUSH_BYTES, Part
from lienet.transfer.rate_limits import Lane, draw_backoff_s, parse_retry_after_s
from lienet.transfer.requests import Arrived, BrokenRequestError, Fault, Wanted
from lienet.transfer.verification import Told, read_told

if TYPE_CHECKING:
    from yarl import URL

    from lienet.transfer.connections import Client
    from lienet.transfer.transports import Answer

_PASSING_STATUSES = {408, 425, 429, 500, 502, 503, 504, 509, 520, 521, 522, 523, 524}
_MISSING_STATUSES = {404, 410}
_STALL_BYTES = 1024
_PROGRESS_BYTES = 2**20


class Fetcher:
    """Fetches one file after another, many at a time, into a folder."""

    def __init__(
        self,
        client: Client,
        desk: Desk,
        folder: Path,
        limits: Transfer,
        *,
        content_retries: int | None = None,
        count_bytes: Callable[[int], None] = lambda _: None,
    ) -> None:
        self._client = client
        self._desk = desk
        self._folder = folder
        self._limits = limits
        self._content_retries = limits.retries if content_retries is None else content_retries
        self._count_bytes = count_bytes
        self._lanes: dict[str, Lane] = {}

    async def fetch(self, wanted: Wanted, *, has_traces: bool) -> Arrived:
        """Bring one file in, or say why not.

        Args:
            wanted: the file.
            has_traces: whether its target or part may be on the disk already.

        Raises:
            OSError: the disk fails.
        """
        part = Part(wanted, self._folder)
        if has_traces and (arrived := await self._desk.do(part.take_up)):
            return arrived
        try:
            return await self._insist(wanted, part)
        except BaseException:
            await self._desk.do(part.write)
            raise

    async def _insist(self, wanted: Wanted, part: Part) -> Arrived:
        from lienet.transfer.connections import parse_address

        try:
            url = parse_address(wanted.url)
        except BrokenRequestError as error:
            return _refuse(wanted, error.fault)
        lane = self._find_lane(url.host_port_subcomponent or "")
        attempt = reached_bytes = 0
        waited_s = 0.0
        while True:
            outcome = await self._attempt(wanted, part, lane, url)
            if isinstance(outcome, Arrived):
                return outcome
            if wanted.size_bytes and part.size_bytes >= reached_bytes + _PROGRESS_BYTES:
                attempt, reached_bytes = 0, part.size_bytes  # a large file, in several pieces
            attempt += 1
            wait_s = draw_backoff_s(attempt, self._limits)
            if outcome.retry_after_s is not None:  # the host is busy: no failing of this file
                wait_s = max(wait_s, outcome.retry_after_s)
                waited_s += wait_s
                is_over = waited_s > self._limits.total_timeout_s
                attempt -= 1
                if not is_over:
                    lane.pause(outcome.retry_after_s)
            else:
                allowed = self._content_retries if outcome.is_content else self._limits.retries
                is_over = attempt > allowed
            if is_over or outcome.is_final:
                await self._desk.do(part.give_up)
                return _refuse(wanted, outcome)
            await asyncio.sleep(wait_s)

    async def _attempt(self, wanted: Wanted, part: Part, lane: Lane, url: URL) -> Arrived | Fault:
        async with lane.slot():
            outcome = await self._request(wanted, part, url)
        if isinstance(outcome, Fault):
            await self._desk.do(part.settle)
        if not isinstance(outcome, Told):
            return outcome
        verdict = await self._desk.do(lambda: part.finish(outcome.md5))
        if isinstance(verdict, Fault) and verdict.is_content:
            if part.is_resumed:  # perhaps bytes of two versions met: that says little of either
                part.has_ranges = False
                verdict = replace(verdict, is_content=False)
            await self._desk.do(part.discard)
        return verdict

    async def _request(self, wanted: Wanted, part: Part, url: URL) -> Told | Arrived | Fault:
        """Make one request; what comes is in ``part``, whether it was all or not."""
        headers = {}
        if part.can_continue:
            headers["Range"] = f"bytes={part.size_bytes}-"
            if part.version:
                headers["If-Range"] = part.version
        elif part.size_bytes:
            await self._desk.do(part.discard)
        try:
            async with (
                asyncio.timeout(self._limits.total_timeout_s),
                self._client.get(url, headers) as answer,
            ):
                return await self._receive(answer, wanted, part)
        except TimeoutError:
            return Fault("timed out", f"not done in {self._limits.total_timeout_s:g} s")
        except BrokenRequestError as error:
            return error.fault

    async def _receive(self, answer: Answer, wanted: Wanted, part: Part) -> Told | Arrived | Fault:
        status = answer.status
        told = read_told(answer.headers)
        if status == 416 and part.size_bytes:
            return await self._end_at(answer, part)
        if status in _MISSING_STATUSES:
            await self._desk.do(part.give_up)
            return Arrived(wanted, "missing", str(status), detail=f"the server answers {status}")
        if status not in (200, 206):
            after_s = parse_retry_after_s(answer.headers.get("Retry-After"))
            is_final = status not in _PASSING_STATUSES
            what = f"the server answers {status}"
            return Fault(f"status {status}", what, is_final, retry_after_s=after_s)
        if (fault := await self._fit(answer, told, wanted, part)) is not None:
            return fault
        if told.md5 and not wanted.has_hash:
            await self._desk.do(part.expect_md5)
        return await self._stream(answer, part, told)

    async def _end_at(self, answer: Answer, part: Part) -> Told | Fault:
        """Nothing lies beyond what is here: that is all of it, or of something else."""
        total = answer.headers.get("Content-Range", "").partition("*/")[2]
        if total in ("", str(part.size_bytes)):
            return Told(None, "", "", "")
        await self._desk.do(part.discard)
        return Fault("wrong range", f"the file has {total} bytes now")

    async def _fit(self, answer: Answer, told: Told, wanted: Wanted, part: Part) -> Fault | None:
        """Make the part fit the body that is to come, or say why that body is of no use."""
        sent = answer.headers.get("Content-Range", "").lower()
        is_continued = answer.status == 206
        if is_continued and part.size_bytes and sent.startswith(f"bytes {part.size_bytes}-"):
            part.is_resumed = True
        elif is_continued or part.size_bytes:
            await self._desk.do(part.discard)
        if is_continued and not part.size_bytes:
            part.has_ranges = False
            return Fault("wrong range", f"the server sent {sent or 'a range'}, not the one asked")
        if not is_continued:
            part.version = told.version
        if told.encoding:
            return Fault("encoded", f"the body is sent as {told.encoding}", is_content=True)
        if wanted.size_bytes is None or told.length_bytes is None:
            return None
        total = part.size_bytes + told.length_bytes
        if total == wanted.size_bytes:
            return None
        await self._desk.do(part.discard)
        if not total:
            return Fault("empty", "the body is empty", is_content=True)
        is_page = answer.headers.get("Content-Type", "").startswith("text/html")
        what = f"{total} bytes are offered, expected {wanted.size_bytes}"
        return Fault("html" if is_page else "wrong size", what, is_content=True)

    async def _stream(self, answer: Answer, part: Part, told: Told) -> Told | Fault:
        size_bytes = part.wanted.size_bytes
        left = float("inf") if size_bytes is None else size_bytes - part.size_bytes
        watch = _Watch(self._limits.stall_timeout_s)
        async for chunk in answer.stream():
            self._count_bytes(len(chunk))
            left -= len(chunk)
            if part.hold(chunk) >= FLUSH_BYTES:
                await self._desk.do(part.absorb)
            if left < 0:
                break  # too many already: the verdict will tell
            if watch.sees_stall(len(chunk)) and left:
                return Fault("stalled", f"under {_STALL_BYTES} bytes came in {watch.span_s:g} s")
        return told

    def _find_lane(self, host: str) -> Lane:
        if host not in self._lanes:
            limits = self._limits
            self._lanes[host] = Lane(limits.concurrency_per_host, limits.requests_per_s)
        return self._lanes[host]


class _Watch:
    """Tells when bytes come, but so few that it is no transfer any more."""

    def __init__(self, span_s: float) -> None:
        self.span_s = span_s
        self._since_s = time.monotonic()
        self._num_bytes = 0

    def sees_stall(self, num_bytes: int) -> bool:
        self._num_bytes += num_bytes
        now_s = time.monotonic()
        if now_s - self._since_s < self.span_s:
            return False
        is_stalled = self._num_bytes < _STALL_BYTES
        self._since_s, self._num_bytes = now_s, 0
        return is_stalled


def _refuse(wanted: Wanted, fault: Fault) -> Arrived:
    return Arrived(wanted, "refused", fault.reason, detail=fault.detail)
