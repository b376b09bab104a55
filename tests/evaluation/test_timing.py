from __future__ import annotations

import time

from lienet.evaluation.timing import median_ms


def test_the_median_of_the_runs_after_the_warm_up_is_taken():
    delays_s = iter([0.2, 0.0, 0.02, 0.1])
    found = median_ms(lambda: time.sleep(next(delays_s)), num_runs=3, num_warm_ups=1)
    assert 20 <= found < 100
    assert next(delays_s, None) is None
