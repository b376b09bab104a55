"""The machine's load while a stage works: processor, memory, network, and GPUs where there are any.

MLflow's own monitors measure, under the names that its page groups as system metrics; where the
figures go is the caller's business, so that they survive a server that is away.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import Any

logger = logging.getLogger(__name__)
_PREFIX = "system/"
_CLOSE_TIMEOUT_S = 5.0


@contextmanager
def watch_system(
    log_metrics: Callable[[Mapping[str, float], int], None], *, every_s: float
) -> Iterator[None]:
    """Sample in a thread while the body runs, numbered from 0; trouble ends the thread alone.

    Args:
        log_metrics: takes values by name, and the number of the sample.
        every_s: seconds from one sample to the next.
    """
    stop = threading.Event()

    def work() -> None:
        try:
            monitors, number = _make_monitors(), 0
            while not stop.wait(every_s):
                log_metrics(_sample(monitors), number)
                number += 1
        except Exception as error:  # the work must not suffer from being watched
            logger.warning("the machine's load is not tracked: %s", " ".join(str(error).split()))

    thread = threading.Thread(target=work, name="lienet-system-metrics", daemon=True)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join(_CLOSE_TIMEOUT_S)


def _make_monitors() -> list[Any]:
    from mlflow.system_metrics.metrics.cpu_monitor import CPUMonitor
    from mlflow.system_metrics.metrics.gpu_monitor import GPUMonitor
    from mlflow.system_metrics.metrics.network_monitor import NetworkMonitor

    kinds: list[Any] = [CPUMonitor, NetworkMonitor, GPUMonitor]
    monitors = []
    for kind in kinds:
        with suppress(ImportError, RuntimeError):  # no GPU, or no library to ask it with
            monitors.append(kind())
    return monitors


def _sample(monitors: list[Any]) -> dict[str, float]:
    values: dict[str, float] = {}
    for monitor in monitors:
        monitor.collect_metrics()
        values |= monitor.aggregate_metrics()
        monitor.clear_metrics()
    return {f"{_PREFIX}{name}": float(value) for name, value in values.items()}
