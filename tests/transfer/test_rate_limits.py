"""Requests in flight, requests a second and pauses of one host; backoff and Retry-After."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from itertools import pairwise
from statistics import mean

import pytest

from lienet.transfer.rate_limits import HostLimiter, draw_backoff_s, parse_retry_after_s
from tests.transfer.limits import LIMITS

NOW = datetime(2026, 3, 1, 12, 0, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("value", "expected_s"),
    [
        (None, None),
        ("", None),
        ("0", 0.0),
        ("120", 120.0),
        ("-5", 0.0),
        ("soon", None),
        ("Sun, 01 Mar 2026 12:00:30 GMT", 30.0),
        ("Sunday, 01-Mar-26 12:00:30 GMT", 30.0),
        ("Sun Mar  1 12:00:30 2026", 30.0),
        ("Sun, 01 Mar 2026 11:00:00 GMT", 0.0),
    ],
)
def test_retry_after_is_read_as_seconds_or_date(value: str | None, expected_s: float | None):
    assert parse_retry_after_s(value, now=NOW) == expected_s


@pytest.mark.parametrize(
    ("attempt", "mean_s"), [(1, 2.0), (2, 4.0), (3, 8.0), (4, 10.0), (99, 10.0)]
)
def test_backoff_doubles_to_its_limit_with_jitter(attempt: int, mean_s: float):
    limits = LIMITS.model_copy(update={"backoff_s": 2.0, "backoff_max_s": 10.0})
    drawn = [draw_backoff_s(attempt, limits) for _ in range(2000)]
    assert min(drawn) >= 0.5 * mean_s
    assert max(drawn) <= 1.5 * mean_s
    assert mean(drawn) == pytest.approx(mean_s, rel=0.05)
    assert len(set(drawn)) > 1900


def test_no_more_requests_are_in_flight_than_allowed():
    async def run() -> int:
        limiter, now, most = HostLimiter(3, None), 0, 0

        async def request() -> None:
            nonlocal now, most
            async with limiter.slot():
                now += 1
                most = max(most, now)
                await asyncio.sleep(0.001)
                now -= 1

        await asyncio.gather(*(request() for _ in range(20)))
        return most

    assert asyncio.run(run()) == 3


def test_requests_begin_no_faster_than_allowed():
    async def run() -> list[float]:
        limiter, begun = HostLimiter(50, 100.0), []

        async def request() -> None:
            async with limiter.slot():
                begun.append(asyncio.get_running_loop().time())

        await asyncio.gather(*(request() for _ in range(11)))
        return begun

    begun = asyncio.run(run())
    gaps = [later - earlier for earlier, later in pairwise(begun)]
    assert min(gaps) >= 0.0095


def test_longest_pause_delays_every_request():
    async def run() -> float:
        limiter, loop = HostLimiter(5, None), asyncio.get_running_loop()
        limiter.pause(0.1)
        limiter.pause(0.01)
        started = loop.time()
        async with limiter.slot():
            return loop.time() - started

    assert asyncio.run(run()) >= 0.09
