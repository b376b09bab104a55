"""Rate limits for one host: requests in flight, requests a second, pauses that it asks for.

Beside them the wait before a retry, and how a server's Retry-After is read.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from lienet.params import Transfer


class HostLimiter:
    """Limits the requests to one host."""

    def __init__(self, concurrency: int, requests_per_s: float | None) -> None:
        self._slots = asyncio.Semaphore(concurrency)
        self._interval_s = 1.0 / requests_per_s if requests_per_s else 0.0
        self._next_s = 0.0
        self._paused_until_s = 0.0

    @asynccontextmanager
    async def slot(self) -> AsyncIterator[None]:
        """Hold one of the places for requests in flight; waits for it, and for the next turn."""
        async with self._slots:
            await self._wait_turn()
            yield

    def pause(self, duration_s: float) -> None:
        """Begin no request for so long."""
        until_s = asyncio.get_running_loop().time() + duration_s
        self._paused_until_s = max(self._paused_until_s, until_s)

    async def _wait_turn(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            now_s = loop.time()
            ready_s = max(self._paused_until_s, self._next_s)
            if ready_s <= now_s:
                break
            await asyncio.sleep(ready_s - now_s)
        self._next_s = now_s + self._interval_s


def draw_backoff_s(attempt: int, limits: Transfer) -> float:
    """Return how long to wait after failed attempt 1, 2, …: twice as long each, with jitter.

    The jitter of ±50% keeps files that failed together from coming back together.
    """
    mean_s = min(limits.backoff_max_s, limits.backoff_s * 2.0 ** min(attempt - 1, 32))
    return mean_s * random.uniform(0.5, 1.5)


def parse_retry_after_s(value: str | None, *, now: datetime | None = None) -> float | None:
    """Read a Retry-After header, seconds or an HTTP date (RFC 9110, 10.2.3); None if it is none."""
    if not value:
        return None
    try:
        return max(0.0, min(float(value), 1e9))
    except ValueError:
        pass
    try:
        then = parsedate_to_datetime(value)
    except (ValueError, TypeError):
        return None
    then = then if then.tzinfo else then.replace(tzinfo=UTC)
    return max(0.0, (then - (now or datetime.now(UTC))).total_seconds())
