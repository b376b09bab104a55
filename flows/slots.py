"""Slots for stages: how many run at once in one run, and on all machines of a Prefect server.

A run has slots of its own, by ``flows.cpu_slots`` and ``flows.gpu_slots``, and waits for one of
them first. Where ``make deploy`` has set global concurrency limits, the stage then takes a slot of
the server's, too, as a lease that ends by itself if this process dies.
"""

from __future__ import annotations

import os
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from threading import BoundedSemaphore

from prefect.client.orchestration import get_client
from prefect.concurrency.sync import concurrency

from lienet.params import Flows, Params

PROMOTION = "promote"
"""The limit of promotions, which are one at a time on a server."""
LEASE_S = 60.0
"""How long the server keeps a slot for a process that has died."""
_MAX_LIMITS = 200


class Slots:
    """The slots of one run.

    Args:
        counts: how many slots of each name the run has.
        shared: the names that the server limits as well.
    """

    def __init__(self, counts: Mapping[str, int], shared: Collection[str] = ()) -> None:
        self._free = {name: BoundedSemaphore(count) for name, count in counts.items()}
        self._shared = frozenset(shared)

    @contextmanager
    def take(self, names: Sequence[str]) -> Iterator[None]:
        """Hold one slot of each name during the body; waits until they are free."""
        with ExitStack() as held:
            for name in names:
                held.enter_context(self._free[name])
            if shared := [name for name in names if name in self._shared]:
                held.enter_context(concurrency(shared, lease_duration=LEASE_S))
            yield


def count_slots(flows: Flows) -> dict[str, int]:
    """Return how many slots of each name this machine has."""
    return {"cpu": flows.cpu_slots or os.cpu_count() or 1, "gpu": flows.gpu_slots}


def list_slots(stage: str, params: Params, *, has_gpu: bool) -> tuple[str, ...]:
    """Return the slots that a stage takes: training takes the GPU where there is one.

    The scarce one comes first, so that nobody who waits for it keeps the other from others.
    """
    is_on_gpu = has_gpu and stage.partition("@")[0] == "train" and params.train.accelerator != "cpu"
    return ("gpu", "cpu") if is_on_gpu else ("cpu",)


def has_gpu() -> bool:
    """Return whether this machine has a GPU for training, without loading what drives it."""
    return any(Path(path).exists() for path in ("/dev/nvidia0", "/dev/dxg"))


def read_limits() -> set[str]:
    """Return the names of the server's global concurrency limits."""
    with get_client(sync_client=True) as client:
        found = client.read_global_concurrency_limits(limit=_MAX_LIMITS)
    return {limit.name for limit in found if limit.active}
