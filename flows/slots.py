"""Slots for stages: how many run at once in one run, and on all machines of a Prefect server.

A run has slots of its own, by ``flows.cpu_slots`` and ``flows.gpu_slots``, and waits for one of
them first. Where ``make deploy`` has set global concurrency limits, the stage then takes a slot of
the server's, too, as a lease that ends by itself if this process dies.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from threading import BoundedSemaphore

from lienet.params import Flows, Params

PROMOTION = "promote"
"""The limit of promotions, which are one at a time on a server."""
LEASE_S = 60.0
"""How long the server keeps a slot for a process that has died."""
_LOOK_EVERY_S = 30.0
_MAX_LIMITS = 200


class Slots:
    """The slots of one run.

    Args:
        counts: how many slots of each name the run has.
        shared: the names that the server limits as well.
        is_ended: tells whether the run has been ended, so that nobody waits for the server.
    """

    def __init__(
        self,
        counts: Mapping[str, int],
        shared: Collection[str] = (),
        is_ended: Callable[[], bool] = lambda: False,
    ) -> None:
        self._free = {name: BoundedSemaphore(count) for name, count in counts.items()}
        self._shared = frozenset(shared)
        self._is_ended = is_ended

    @contextmanager
    def take(self, names: Sequence[str]) -> Iterator[None]:
        """Hold one slot of each name in the body; waits until they are free, or the run ends."""
        with ExitStack() as held:
            for name in names:
                held.enter_context(self._free[name])
            if shared := [name for name in names if name in self._shared]:
                self._take_shared(held, shared)
            yield

    def _take_shared(self, held: ExitStack, names: list[str]) -> None:
        from prefect.concurrency.sync import concurrency  # not for those that have no server

        while not self._is_ended():
            with suppress(TimeoutError):
                slots = concurrency(names, lease_duration=LEASE_S, timeout_seconds=_LOOK_EVERY_S)
                held.enter_context(slots)
                return


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
    from prefect.client.orchestration import get_client

    with get_client(sync_client=True) as client:
        found = client.read_global_concurrency_limits(limit=_MAX_LIMITS)
    return {limit.name for limit in found if limit.active}
