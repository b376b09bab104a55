"""A worker of a workspace, as ``make worker`` starts one."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Self


class Worker:
    """Starts ``python -m flows.worker`` in a workspace; as a context, ends it."""

    def __init__(self, root: Path, environment: Mapping[str, str]) -> None:
        self._log = root / "worker.log"
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "flows.worker"],
                cwd=root,
                env={**environment, "PREFECT_WORKER_QUERY_SECONDS": "1"},
                stdout=log,
                stderr=log,
            )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._process.send_signal(signal.SIGINT)
        try:
            self._process.wait(60)
        finally:
            self.kill()

    def kill(self) -> None:
        """End it as a power cut would."""
        self._process.kill()
        self._process.wait()

    def log(self) -> str:
        """Return what it and its flow runs wrote."""
        return self._log.read_text(encoding="utf-8", errors="replace")
