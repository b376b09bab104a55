"""What a training step frees stays with the process."""

from __future__ import annotations

import platform
import subprocess
import sys

import pytest

STEPS = """
import resource, sys, torch
from lienet.training.allocator import keep_freed_memory
if "keep" in sys.argv:
    assert keep_freed_memory()
for step in range(12):
    if step == 4:
        before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    maps = [torch.ones(size) for size in range(9_000_000, 10_000_000, 250_000)]
    del maps
print(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)
"""


def count_page_faults(*arguments: str) -> int:
    done = subprocess.run(
        [sys.executable, "-c", STEPS, *arguments], capture_output=True, text=True, check=True
    )
    return int(done.stdout)


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="of glibc")
def test_a_step_takes_the_pages_of_the_one_before():
    assert count_page_faults("keep") < count_page_faults() / 10
