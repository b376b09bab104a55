"""A set of digests for millions of names and files: sixteen bytes of each, and nothing else."""

from __future__ import annotations

import numpy as np

_NUM_BYTES = 16
"""Two of 128 bits that are the same by chance are not to be expected among any number of files."""
_MANY = 4_096
"""Digests that are held one by one before they join the others."""


class Digests:
    """Remembers the digests that were met."""

    def __init__(self) -> None:
        self._ranked = np.empty(0, f"S{_NUM_BYTES}")
        self._recent: set[bytes] = set()

    def add(self, digest: bytes) -> bool:
        """Remember a digest, or the beginning of a longer one; tell whether it is new."""
        short = digest[:_NUM_BYTES]
        if short in self._recent or self._is_ranked(short):
            return False
        self._recent.add(short)
        if len(self._recent) >= _MANY:
            joining = np.sort(np.array(list(self._recent), self._ranked.dtype))
            places = np.searchsorted(self._ranked, joining)
            self._ranked = np.insert(self._ranked, places, joining)
            self._recent.clear()
        return True

    def _is_ranked(self, short: bytes) -> bool:
        wanted = np.array([short], self._ranked.dtype)
        place = int(np.searchsorted(self._ranked, wanted)[0])
        return bool((self._ranked[place : place + 1] == wanted).any())
