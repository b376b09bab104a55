"""A thread pool for blocking file work, whose jobs an event loop can wait for."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

_Result = TypeVar("_Result")


class BlockingPool(ThreadPoolExecutor):
    """Threads for what blocks; to be used as a context, at whose end they have ended."""

    def __init__(self, num_threads: int) -> None:
        super().__init__(num_threads, thread_name_prefix="disk")

    async def run(self, function: Callable[[], _Result]) -> _Result:
        """Run a function in a thread; return what it returns, or raise what it raises.

        Even when this is cancelled, it first waits for the function's end.
        """
        job = asyncio.get_running_loop().run_in_executor(self, function)
        try:
            return await asyncio.shield(job)
        except asyncio.CancelledError:
            await asyncio.wait([job])
            raise
