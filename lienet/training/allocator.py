"""The C library's memory allocator, told to keep what a step frees for the next one."""

from __future__ import annotations

import ctypes
import sys

_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD = -1, -3
_NEVER = 2**30
"""Bytes: the largest threshold that glibc takes for either option on every machine."""


def keep_freed_memory() -> bool:
    """Ask glibc not to hand large freed blocks back to the system.

    A step allocates the same large maps as the step before. Handed back in between, each of their
    pages is cleared and mapped anew, which takes a sixth of a step of batch 16.

    Returns:
        whether the C library took it; others than glibc are left as they are.
    """
    if not sys.platform.startswith("linux"):
        return False
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is None:
        return False
    return bool(mallopt(_M_MMAP_THRESHOLD, _NEVER) and mallopt(_M_TRIM_THRESHOLD, _NEVER))
