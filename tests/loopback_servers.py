"""Real MLflow and Prefect servers, each a process group of its own, on the loopback.

Each keeps its state in a folder and its port for life: killed and started again, it is the same
server to its clients. Its ``environment`` is what a client needs to reach it.
"""

from __future__ import annotations

import os
import signal
import socket
import sqlite3
import subprocess
import sys
import time
import urllib.request
from abc import ABC, abstractmethod
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Self

_START_S = 120.0
_STOP_S = 20.0


class LoopbackServer(ABC):
    """A server that runs from ``start`` to ``stop`` or ``kill``; as a context, while it lasts.

    Args:
        folder: holds the server's state and its ``log.txt``; made if missing.
        port: on 127.0.0.1; a free one if left out.
    """

    def __init__(self, folder: Path, port: int | None = None) -> None:
        self.folder = folder
        self.port = port or find_free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self._process: subprocess.Popen[bytes] | None = None

    @property
    @abstractmethod
    def environment(self) -> dict[str, str]:
        """The variables by which clients find the server."""

    @property
    @abstractmethod
    def _health_url(self) -> str: ...

    @abstractmethod
    def _command(self) -> list[str]: ...

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.stop()

    def start(self) -> None:
        """Start the server and wait until it answers."""
        assert self._process is None, "the server runs already"
        self.folder.mkdir(parents=True, exist_ok=True)
        with (self.folder / "log.txt").open("ab") as log:
            self._process = subprocess.Popen(
                self._command(),
                cwd=self.folder,
                env={**os.environ, **self.environment},
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        try:
            self._wait()
        except BaseException:
            self.kill()
            raise

    def stop(self) -> None:
        """Ask the server to end; whatever of it is left after a while is killed."""
        if self._process is None:
            return
        with suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGTERM)
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(_STOP_S)
        self.kill()

    def kill(self) -> None:
        """End the server and its children as a power cut would."""
        if self._process is None:
            return
        with suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()
        self._process = None

    def log(self) -> str:
        """Return what the server wrote so far."""
        return (self.folder / "log.txt").read_text(encoding="utf-8", errors="replace")

    def _wait(self) -> None:
        assert self._process is not None
        deadline = time.monotonic() + _START_S
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        while True:
            try:
                with opener.open(self._health_url, timeout=5):
                    return
            except OSError:
                is_late = time.monotonic() > deadline
                assert self._process.poll() is None, f"the server ended:\n{self.log()[-4000:]}"
                assert not is_late, f"the server did not start:\n{self.log()[-4000:]}"
                time.sleep(0.1)


class MlflowServer(LoopbackServer):
    """``mlflow server`` on SQLite, with its artifacts beside.

    Args:
        folder: holds the server's state; made if missing.
        store: a SQLite store to begin with, copied; making the tables of one takes seconds.
    """

    def __init__(self, folder: Path, store: Path) -> None:
        super().__init__(folder)
        folder.mkdir(parents=True, exist_ok=True)
        with sqlite3.connect(store) as read, sqlite3.connect(folder / "mlflow.db") as written:
            read.backup(written)

    @property
    def environment(self) -> dict[str, str]:
        """``MLFLOW_TRACKING_URI``, and no telemetry."""
        return {
            "MLFLOW_TRACKING_URI": self.url,
            "MLFLOW_DISABLE_TELEMETRY": "true",
            "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false",
        }

    @property
    def _health_url(self) -> str:
        return f"{self.url}/health"

    def _command(self) -> list[str]:
        return [
            *(sys.executable, "-m", "mlflow", "server"),
            *("--host", "127.0.0.1", "--port", str(self.port), "--workers", "1"),
            *("--backend-store-uri", f"sqlite:///{self.folder}/mlflow.db"),
            *("--artifacts-destination", str(self.folder / "artifacts")),
        ]


class PrefectServer(LoopbackServer):
    """``prefect server start`` on SQLite, with its services and its UI."""

    @property
    def environment(self) -> dict[str, str]:
        """``PREFECT_API_URL`` and a ``PREFECT_HOME`` of the server's own, and no analytics."""
        return {
            "PREFECT_API_URL": f"{self.url}/api",
            "PREFECT_HOME": str(self.folder / "home"),
            "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
            "DO_NOT_TRACK": "true",
        }

    @property
    def _health_url(self) -> str:
        return f"{self.url}/api/health"

    def _command(self) -> list[str]:
        return [
            *(sys.executable, "-m", "prefect", "server", "start"),
            *("--host", "127.0.0.1", "--port", str(self.port)),
        ]


def find_free_port() -> int:
    """Return a port of the loopback that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
