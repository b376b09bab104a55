"""The time of a call, as every latency here is taken: the median over runs after a warm-up."""

from __future__ import annotations

import time
from collections.abc import Callable

import numpy as np


def median_ms(run: Callable[[], object], *, num_runs: int, num_warm_ups: int) -> float:
    """Return the median time of a call in milliseconds, after calls that are not timed."""
    for _ in range(num_warm_ups):
        run()
    times_ms = []
    for _ in range(num_runs):
        started = time.perf_counter()
        run()
        times_ms.append((time.perf_counter() - started) * 1e3)
    return float(np.median(times_ms))
