"""Ends a flow run whose worker has died, so that nobody goes on writing unseen.

A killed worker leaves its flow runs to the system, which gives them another parent: that is what
is watched. Without a worker, as in a flow called by hand, nothing is.
"""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager

WORKER_VARIABLE = "LIENET_WORKER_PID"
"""Set by ``flows.worker`` for the flow runs that it starts."""
_POLL_S = 0.5


@contextmanager
def ending_with_the_worker() -> Iterator[None]:
    """Terminate this process, as a cancellation would, when its worker dies during the body."""
    named = os.environ.get(WORKER_VARIABLE, "")
    if not named.isdigit():
        yield
        return
    worker, parent = int(named), os.getppid()
    is_over = threading.Event()

    def watch() -> None:
        while not is_over.wait(_POLL_S):
            # A dead worker that nobody has waited for yet still has its number.
            if os.getppid() != parent or not _exists(worker):
                os.kill(os.getpid(), signal.SIGTERM)
                return

    thread = threading.Thread(target=watch, name="lienet-orphans", daemon=True)
    thread.start()
    try:
        yield
    finally:
        is_over.set()
        thread.join()


def _exists(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
