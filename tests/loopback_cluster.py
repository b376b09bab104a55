"""A real Dask scheduler and real workers, each a process of its own, on the loopback."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
_START_S = 60.0


class LoopbackCluster:
    """Starts and ends the processes; a worker can be killed on the way."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.address = f"tcp://127.0.0.1:{self.port}"
        self.workers: list[subprocess.Popen[bytes]] = []
        self._scheduler = self._start(
            "distributed.cli.dask_scheduler",
            *(
                "--host",
                "127.0.0.1",
                "--port",
                str(self.port),
                "--dashboard-address",
                "127.0.0.1:0",
            ),
        )
        deadline = time.monotonic() + _START_S
        while True:
            try:
                socket.create_connection(("127.0.0.1", self.port), timeout=1.0).close()
                return
            except OSError:
                assert time.monotonic() < deadline, "the scheduler did not start"
                time.sleep(0.1)

    def add_workers(self, number: int, package: Path = ROOT) -> None:
        """Start workers that run the package in ``package``, without waiting for them."""
        for _ in range(number):
            # No nanny: a killed worker is gone, and the process known here is the worker itself.
            self.workers.append(
                self._start(
                    "distributed.cli.dask_worker",
                    *(
                        self.address,
                        "--nthreads",
                        "1",
                        "--no-nanny",
                        "--dashboard-address",
                        "127.0.0.1:0",
                    ),
                    *("--host", "127.0.0.1", "--memory-limit", "0"),
                    *("--local-directory", str(self._folder)),
                    package=package,
                )
            )

    def kill_worker(self, number: int = 0) -> None:
        """End a worker as a power cut would."""
        worker = self.workers.pop(number)
        worker.send_signal(signal.SIGKILL)
        worker.wait()

    def remove_workers(self) -> None:
        """End every worker."""
        while self.workers:
            self.kill_worker()

    def close(self) -> None:
        """End everything that was started here."""
        self.remove_workers()
        self._scheduler.kill()
        self._scheduler.wait()

    def _start(self, module: str, *arguments: str, package: Path = ROOT) -> subprocess.Popen[bytes]:
        path = os.pathsep.join([str(package), str(ROOT)])
        with (self._folder / "log.txt").open("ab") as log:
            return subprocess.Popen(
                [sys.executable, "-m", module, *arguments],
                cwd=ROOT,
                env={**os.environ, "PYTHONPATH": path},
                stdout=log,
                stderr=log,
            )
