"""Ends a flow run whose worker has died, so that nobody goes on writing unseen.

Prefect's worker leaves its flow runs to the system when it is killed, which gives them another
parent: that is what is watched. Without a worker, as in a flow called by hand, nothing is.
"""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager

WORKER_VARIABLE = "LIENET_WORKER_PID"
"""Set by ``flows.worker`` for the flow runs that it starts, each a child of the worker."""
_POLL_S = 0.5


@contextmanager
def ending_with_the_worker() -> Iterator[None]:
    """Terminate this process, as a cancellation would, when its worker dies during the body."""
    worker = os.environ.get(WORKER_VARIABLE)
    if worker is None:
        yield
        return
    is_over = threading.Event()

    def watch() -> None:
        while not is_over.wait(_POLL_S):
            if str(os.getppid()) != worker:
                os.kill(os.getpid(), signal.SIGTERM)
                return

    thread = threading.Thread(target=watch, name="lienet-orphans", daemon=True)
    thread.start()
    try:
        yield
    finally:
        is_over.set()
        thread.join()
