"""Jobs run in threads, their results come back, and no job outlives its cancellation."""

from __future__ import annotations

import asyncio
import threading
import time

import pytest

from lienet.transfer.blocking_pool import BlockingPool


def test_each_job_returns_its_own_result():
    async def run() -> list[int]:
        with BlockingPool(3) as pool:
            jobs = [pool.run(lambda number=number: number * number) for number in range(500)]
            return await asyncio.gather(*jobs)

    assert asyncio.run(run()) == [number * number for number in range(500)]


def test_jobs_run_concurrently_outside_the_loop():
    meeting = threading.Barrier(2, timeout=10.0)

    def meet() -> str:
        meeting.wait()
        return threading.current_thread().name

    async def run() -> list[str]:
        with BlockingPool(2) as pool:
            return await asyncio.gather(pool.run(meet), pool.run(meet))

    assert sorted(asyncio.run(run())) == ["disk_0", "disk_1"]


def test_error_of_a_job_is_raised_and_its_thread_goes_on():
    async def run() -> str:
        with BlockingPool(1) as pool:
            with pytest.raises(OSError, match="full"):
                await pool.run(_fail)
            return await pool.run(lambda: "well")

    assert asyncio.run(run()) == "well"


def _fail() -> None:
    raise OSError(28, "full")


def test_cancelled_call_waits_for_its_job():
    ended = []

    def work() -> None:
        time.sleep(0.1)
        ended.append(True)

    async def run() -> None:
        with BlockingPool(1) as pool:
            task = asyncio.ensure_future(pool.run(work))
            await asyncio.sleep(0.02)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            assert ended

    asyncio.run(run())


def test_threads_end_with_the_context():
    async def run() -> None:
        with BlockingPool(4) as pool:
            await pool.run(lambda: None)

    asyncio.run(run())
    assert not [one for one in threading.enumerate() if one.name.startswith("disk_")]
