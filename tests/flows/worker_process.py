"""A worker of a workspace, as ``make worker`` starts one."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Self

from tests.flows.toy import Api


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


def deploy(root: Path, environment: dict[str, str], api: Api) -> str:
    """Deploy as ``make deploy`` does; return the pipeline's deployment."""
    ran = subprocess.run(
        [sys.executable, "-m", "flows.deploy"],
        cwd=root,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr
    limits = {one["name"] for one in api.post("v2/concurrency_limits/filter")}
    assert limits >= {"cpu", "gpu", "promote"}
    nightly = api.get("deployments/name/nightly/nightly")
    assert nightly["schedules"][0]["schedule"]["timezone"] == "Europe/Berlin"
    assert nightly["work_pool_name"] == "lienet"
    api.pause(nightly["id"])
    found: str = api.get("deployments/name/pipeline/pipeline")["id"]
    return found


def create_run(api: Api, deployment: str, **parameters: object) -> str:
    """Ask for a run now; return its id."""
    run: str = api.post(f"deployments/{deployment}/create_flow_run", parameters=parameters)["id"]
    return run
