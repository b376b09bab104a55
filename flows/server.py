"""``python -m flows.server``: Prefect's server and MLflow's, both until Ctrl-C.

They keep everything under ``data/state`` and listen on the loopback, unless told otherwise by
``LIENET_HOST``, ``LIENET_PREFECT_PORT`` and ``LIENET_MLFLOW_PORT``. If one ends, so does the other.
"""

from __future__ import annotations

import os
import queue
import signal
import sys
import threading
from collections.abc import Mapping
from pathlib import Path
from types import FrameType

from flows.commands import Commands
from lienet.errors import LienetError
from lienet.workspace import Workspace

_GRACE_S = 15.0


def main() -> int:
    """Serve until a signal or until one of the servers ends; return the exit code."""
    try:
        root = Workspace.find(Path.cwd()).root
    except LienetError as error:
        sys.stderr.write(f"server: {error}\n")
        return 1
    lines = list_servers(root, os.environ)
    state_dir = root / "data" / "state"
    state_dir.mkdir(parents=True, exist_ok=True)
    commands = Commands(root, grace_s=_GRACE_S, environment=server_environment(root))
    ended: queue.SimpleQueue[str | None] = queue.SimpleQueue()

    def serve(name: str, command: list[str]) -> None:
        commands.run(command, lambda line: print_line(name, line))
        ended.put(name)

    def stop(number: int, frame: FrameType | None) -> None:
        ended.put(None)

    signal.signal(signal.SIGINT, stop)
    signal.signal(signal.SIGTERM, stop)
    threads = [threading.Thread(target=serve, args=item) for item in lines.items()]
    for thread in threads:
        thread.start()
    name = ended.get()
    commands.stop()
    for thread in threads:
        thread.join()
    if name is not None:
        sys.stderr.write(f"server: {name} ended by itself; see above\n")
    return 0 if name is None else 1


def list_servers(root: Path, environment: Mapping[str, str]) -> dict[str, list[str]]:
    """Return the command of each server."""
    host = environment.get("LIENET_HOST", "127.0.0.1")
    prefect_port = environment.get("LIENET_PREFECT_PORT", "4200")
    mlflow_port = environment.get("LIENET_MLFLOW_PORT", "5000")
    state_dir = root / "data" / "state"
    return {
        "prefect": [
            *(sys.executable, "-m", "prefect", "server", "start"),
            *("--host", host, "--port", prefect_port),
        ],
        "mlflow": [
            *(sys.executable, "-m", "mlflow", "server", "--workers", "1"),
            *("--host", host, "--port", mlflow_port),
            *("--backend-store-uri", f"sqlite:///{state_dir / 'mlflow.db'}"),
            *("--artifacts-destination", str(state_dir / "mlartifacts")),
        ],
    }


def server_environment(root: Path) -> dict[str, str]:
    """Return what both servers are told: state in the workspace, no telemetry, quick slots."""
    return {
        "PREFECT_HOME": str(root / "data" / "state" / "prefect"),
        "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
        "PREFECT_SERVER_UI_SHOW_PROMOTIONAL_CONTENT": "false",
        # Slots are known after a restart, and asked for again soon.
        "PREFECT_SERVER_CONCURRENCY_LEASE_STORAGE": (
            "prefect.server.concurrency.lease_storage.filesystem"
        ),
        "PREFECT_SERVER_CONCURRENCY_MAXIMUM_CONCURRENCY_SLOT_WAIT_SECONDS": "2",
        "PREFECT_SERVER_TASKS_TAG_CONCURRENCY_SLOT_WAIT_SECONDS": "2",
        # States are written down once a second, not each at the moment at which its task asks for
        # a slot: SQLite refuses one of two that write at once, and the client then sleeps seconds.
        "PREFECT_SERVER_SERVICES_TASK_RUN_RECORDER_READ_BATCH_SIZE": "50",
        "PREFECT_SERVER_SERVICES_TASK_RUN_RECORDER_BATCH_SIZE": "50",
        "PREFECT_SERVER_SERVICES_TASK_RUN_RECORDER_FLUSH_INTERVAL": "1",
        "DO_NOT_TRACK": "true",
        "MLFLOW_DISABLE_TELEMETRY": "true",
        "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false",
    }


def print_line(name: str, line: str) -> None:
    """Print a server's line under its name."""
    sys.stdout.write(f"{name:8}{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
