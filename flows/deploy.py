"""``python -m flows.deploy``: the work pool, the concurrency limits and the deployments.

Pool and limits are made or brought to what ``params.yaml`` says; the deployments are those of
``prefect.yaml``. May be run again at any time.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import httpx
from prefect.client.orchestration import SyncPrefectClient, get_client
from prefect.client.schemas.actions import WorkPoolCreate
from prefect.exceptions import ObjectNotFound

from flows.occupancy import find_root
from flows.worker import POOL, WORKSPACE_VARIABLE
from lienet.errors import LienetError
from lienet.params import Flows, load_params


def main() -> int:
    """Deploy to the server of ``PREFECT_API_URL``; return the exit code."""
    try:
        root = find_root(Path.cwd())
        flows = load_params(root / "params.yaml").flows
    except LienetError as error:
        sys.stderr.write(f"deploy: {error}\n")
        return 1
    try:
        with get_client(sync_client=True) as client:
            make_pool(client)
            for tag, limit in limits_of(flows).items():
                client.create_concurrency_limit(tag=tag, concurrency_limit=limit)
                sys.stdout.write(f"limit {tag}: {limit}\n")
    except (RuntimeError, httpx.TransportError) as error:
        sys.stderr.write(f"deploy: cannot reach Prefect's server: {error}; run make server\n")
        return 1
    # The variable is for each worker to fill: the deployment is the same for all.
    environment = {key: value for key, value in os.environ.items() if key != WORKSPACE_VARIABLE}
    command = [sys.executable, "-m", "prefect", "--no-prompt", "deploy", "--all"]
    return subprocess.run(command, cwd=root, env=environment, check=False).returncode


def limits_of(flows: Flows) -> dict[str, int]:
    """Return the limit of each tag."""
    return {"cpu": flows.cpu_slots or os.cpu_count() or 1, "gpu": flows.gpu_slots}


def make_pool(client: SyncPrefectClient) -> None:
    """Make the work pool unless it is there."""
    try:
        client.read_work_pool(POOL)
    except ObjectNotFound:
        client.create_work_pool(WorkPoolCreate(name=POOL, type="process"))


if __name__ == "__main__":
    sys.exit(main())
