from __future__ import annotations

import threading
from collections.abc import Mapping

import pytest

from lienet.tracking.system import watch_system


def test_load_is_sampled_while_the_body_runs_and_not_after():
    samples: list[tuple[dict[str, float], int]] = []
    enough = threading.Event()

    def take(values: Mapping[str, float], number: int) -> None:
        samples.append((dict(values), number))
        if len(samples) == 3:
            enough.set()

    with watch_system(take, every_s=0.02):
        assert enough.wait(60)
    num_samples = len(samples)
    assert [number for _, number in samples] == list(range(num_samples))
    assert 0 < samples[0][0]["system/system_memory_usage_percentage"] <= 100
    assert all(name.startswith("system/") for name in samples[0][0])
    assert "lienet-system-metrics" not in {thread.name for thread in threading.enumerate()}


def test_a_sampler_that_fails_ends_alone(caplog: pytest.LogCaptureFixture):
    failed = threading.Event()

    def refuse(values: Mapping[str, float], number: int) -> None:
        failed.set()
        raise OSError("the disk is full")

    with watch_system(refuse, every_s=0.01):
        assert failed.wait(60)
    assert caplog.text.count("load is not tracked: the disk is full") == 1
