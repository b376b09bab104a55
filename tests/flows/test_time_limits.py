"""Work that takes too long is ended; other work is not."""

from __future__ import annotations

import threading

from flows.time_limits import limiting_time


def test_work_that_takes_too_long_is_ended_and_known_to_be():
    ended = threading.Event()
    with limiting_time(0.01, ended.set) as is_over:
        assert ended.wait(30)
    assert is_over.is_set()


def test_work_within_its_time_is_left_alone():
    ended = threading.Event()
    for seconds in (0.05, None):
        with limiting_time(seconds, ended.set) as is_over:
            pass
        assert not is_over.is_set()
    assert not ended.wait(0.2)
