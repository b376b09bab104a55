"""``python -m flows.server``: Prefect's server and MLflow's, both until Ctrl-C.

They keep everything under ``data/state`` and listen on the loopback, unless told otherwise by
``LIENET_HOST``, ``LIENET_PREFECT_PORT`` and ``LIENET_MLFLOW_PORT``. One that ends by itself is
started again, after a pause that grows; the other goes on.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from functools import partial
from pathlib import Path

from flows.commands import Commands
from flows.server_access import NAMES_VARIABLE, Access, read_access, refuse_taken_ports
from lienet.errors import LienetError
from lienet.workspace import Workspace

_GRACE_S = 15.0
_FIRST_PAUSE_S = 1.0
_LONGEST_PAUSE_S = 60.0
_HEALTHY_S = 60.0
"""Who has run for so long is started again at once when it ends."""


def main() -> int:
    """Serve until a signal; return the exit code."""
    try:
        root = Workspace.find(Path.cwd()).root
        access = read_access(os.environ)
        refuse_taken_ports(access)
    except LienetError as error:
        sys.stderr.write(f"server: {error}\n")
        return 1
    (root / "data" / "state").mkdir(parents=True, exist_ok=True)
    commands = Commands(root, grace_s=_GRACE_S, environment=server_environment(root, access))
    is_asked = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: is_asked.set())
    threads = [
        threading.Thread(target=keep_running, args=(commands, name, command, is_asked))
        for name, command in list_servers(root, access).items()
    ]
    for thread in threads:
        thread.start()
    is_asked.wait()
    commands.stop()
    for thread in threads:
        thread.join()
    return 0


def keep_running(
    commands: Commands, name: str, command: list[str], is_asked: threading.Event
) -> None:
    """Run a server, and again whenever it ends by itself, until it is asked to end.

    Args:
        commands: run it, and are stopped by whoever asks.
        name: stands before each of its lines.
        command: the server's.
        is_asked: set when it is to end.
    """
    pause_s = _FIRST_PAUSE_S
    while not is_asked.is_set():
        started = time.monotonic()
        code = commands.run(command, partial(print_line, name)).code
        if is_asked.is_set():
            return
        if time.monotonic() - started >= _HEALTHY_S:
            pause_s = _FIRST_PAUSE_S
        print_line(name, f"ended by itself with code {code}; again in {pause_s:.0f} s")
        is_asked.wait(pause_s)
        pause_s = min(2 * pause_s, _LONGEST_PAUSE_S)


def list_servers(root: Path, access: Access) -> dict[str, list[str]]:
    """Return the command of each server."""
    state_dir = root / "data" / "state"
    hosts = [each for name in access.names for each in (name, f"{name}:{access.mlflow_port}")]
    return {
        "prefect": [
            *(sys.executable, "-m", "uvicorn", "--factory", "flows.prefect_app:create_app"),
            *("--host", access.host, "--port", access.prefect_port, "--no-access-log"),
        ],
        "mlflow": [
            *(sys.executable, "-m", "lienet.tracking.served", "--workers", "1"),
            *("--host", access.host, "--port", access.mlflow_port),
            *("--allowed-hosts", ",".join(hosts)),
            *("--cors-allowed-origins", ",".join(access.origins(access.mlflow_port))),
            *("--backend-store-uri", f"sqlite:///{state_dir / 'mlflow.db'}"),
            *("--artifacts-destination", str(state_dir / "mlartifacts")),
        ],
    }


def server_environment(root: Path, access: Access) -> dict[str, str]:
    """Return what both servers are told: state in the workspace, no telemetry, quick slots."""
    return {
        NAMES_VARIABLE: ",".join(access.names),
        "PREFECT_SERVER_CORS_ALLOWED_ORIGINS": ",".join(access.origins(access.prefect_port)),
        "PREFECT_UI_URL": f"http://{access.names[-1]}:{access.prefect_port}",  # in notices
        "PREFECT_SERVER_UI_API_URL": "/api",  # of whatever name and port the page was opened by
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
