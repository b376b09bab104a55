"""Batches drawn ahead: the next one is read and decoded while this one is trained on."""

from __future__ import annotations

from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace

from lienet.shards.pairs import Pair
from lienet.shards.patch_sampling import BatchRequest
from lienet.shards.patches import PatchStore, PatchStream


class PrefetchedPatches:
    """A patch source whose next batch is drawn in a thread beside the caller's.

    Args:
        source: draws each batch; nobody else may draw from it.
    """

    def __init__(self, source: PatchStore | PatchStream) -> None:
        self._source = source
        self._pool = ThreadPoolExecutor(1, thread_name_prefix="prefetch")
        self._next: BatchRequest | None = None
        self._coming: Future[Pair] | None = None

    def draw(self, asked: BatchRequest) -> Pair:
        """Return the batch of a step; result and errors as those of the source."""
        if self._coming is None or self._next != asked:
            self._coming = self._pool.submit(self._source.draw, asked)
        batch = self._coming.result()
        self._next = replace(asked, step=asked.step + 1)
        self._coming = self._pool.submit(self._source.draw, self._next)
        return batch
