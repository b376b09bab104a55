"""Limits of transfers for tests: short waits, and any share of files may fail."""

from __future__ import annotations

from lienet.params import Transfer

LIMITS = Transfer(
    concurrency_per_host=16,
    requests_per_s=None,
    retries=3,
    backoff_s=0.001,
    backoff_max_s=0.01,
    connect_timeout_s=5.0,
    stall_timeout_s=1.0,
    total_timeout_s=4.0,
    max_failed_share=1.0,
)
