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

from flows.slots import PROMOTION, count_slots
from flows.worker import POOL, WORKSPACE_VARIABLE
from lienet.errors import LienetError
from lienet.params import Flows, load_params
from lienet.workspace import Workspace


def main() -> int:
    """Deploy to the server of ``PREFECT_API_URL``; return the exit code."""
    try:
        workspace = Workspace.find(Path.cwd())
        flows = load_params(workspace.params_path).flows
    except LienetError as error:
        sys.stderr.write(f"deploy: {error}\n")
        return 1
    try:
        with get_client(sync_client=True) as client:
            make_pool(client)
            for name, limit in list_limits(flows).items():
                client.upsert_global_concurrency_limit_by_name(name, limit)
                sys.stdout.write(f"limit {name}: {limit}\n")
    except (RuntimeError, httpx.TransportError) as error:
        sys.stderr.write(f"deploy: cannot reach Prefect's server: {error}; run make server\n")
        return 1
    # The variable is for each worker to fill: the deployment is the same for all.
    environment = {key: value for key, value in os.environ.items() if key != WORKSPACE_VARIABLE}
    command = [sys.executable, "-m", "prefect", "--no-prompt", "deploy", "--all"]
    return subprocess.run(command, cwd=workspace.root, env=environment, check=False).returncode


def list_limits(flows: Flows) -> dict[str, int]:
    """Return the global concurrency limits: this machine's slots, and one promotion at a time."""
    return {**count_slots(flows), PROMOTION: 1}


def make_pool(client: SyncPrefectClient) -> None:
    """Make the work pool unless it is there."""
    try:
        client.read_work_pool(POOL)
    except ObjectNotFound:
        client.create_work_pool(WorkPoolCreate(name=POOL, type="process"))


if __name__ == "__main__":
    sys.exit(main())
