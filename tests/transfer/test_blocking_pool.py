"""Jobs are done in threads, their results come back, and no job outlives who waits for it."""

from __future__ import annotations

import asyncio
import threading
import time

import pytest

from lienet.transfer.blocking_pool import Desk


def test_every_job_brings_its_own_result_back():
    async def run() -> list[int]:
        with Desk(3) as desk:
            jobs = [desk.do(lambda number=number: number * number) for number in range(500)]
            return await asyncio.gather(*jobs)

    assert asyncio.run(run()) == [number * number for number in range(500)]


def test_jobs_run_at_once_and_not_in_the_loop():
    meeting = threading.Barrier(2, timeout=10.0)

    def meet() -> str:
        meeting.wait()
        return threading.current_thread().name

    async def run() -> list[str]:
        with Desk(2) as desk:
            return await asyncio.gather(desk.do(meet), desk.do(meet))

    assert sorted(asyncio.run(run())) == ["disk 0", "disk 1"]


def test_what_a_job_raises_is_raised_and_the_thread_goes_on():
    async def run() -> str:
        with Desk(1) as desk:
            with pytest.raises(OSError, match="full"):
                await desk.do(_fail)
            return await desk.do(lambda: "well")

    assert asyncio.run(run()) == "well"


def _fail() -> None:
    raise OSError(28, "full")


def test_a_job_has_ended_when_its_cancellation_is_felt():
    ended = []

    def work() -> None:
        time.sleep(0.1)
        ended.append(True)

    async def run() -> None:
        with Desk(1) as desk:
            task = asyncio.ensure_future(desk.do(work))
            await asyncio.sleep(0.02)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            assert ended

    asyncio.run(run())


def test_no_thread_is_left():
    async def run() -> None:
        with Desk(4) as desk:
            await desk.do(lambda: None)

    asyncio.run(run())
    assert not [one for one in threading.enumerate() if one.name.startswith("disk ")]
