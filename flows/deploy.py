"""``python -m flows.deploy``: the work pool, the concurrency limits and the deployments.

The pool is made, or locked again; limits are made as ``params.yaml`` says, deployments as
``prefect.yaml`` does. May be run again at any time: limits and schedules that are there stay as
they are, with what was changed in Prefect's pages.
"""

from __future__ import annotations

import copy
import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import httpx
import yaml
from prefect.client.orchestration import SyncPrefectClient, get_client
from prefect.client.schemas.actions import WorkPoolCreate, WorkPoolUpdate
from prefect.exceptions import ObjectNotFound
from prefect.workers.process import ProcessWorker

from flows.automations import make_automations
from flows.engine import COMMAND
from flows.slots import PROMOTION, count_slots
from flows.worker import POOL, WORKSPACE_VARIABLE
from lienet.errors import LienetError
from lienet.params import Flows, load_params
from lienet.workspace import Workspace

_MAX_LIMITS = 200


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
            make_limits(client, list_limits(flows))
            told_by = make_automations(client, flows.notify)
            sys.stdout.write(f"a night that fails is told by: {', '.join(told_by) or 'nobody'}\n")
            spec = keep_schedules(client, workspace.root / "prefect.yaml")
    except LienetError as error:
        sys.stderr.write(f"deploy: {error}\n")
        return 1
    except (RuntimeError, httpx.TransportError) as error:
        sys.stderr.write(f"deploy: cannot reach Prefect's server: {error}; run make server\n")
        return 1
    # The variable is for each worker to fill: the deployment is the same for all.
    environment = {key: value for key, value in os.environ.items() if key != WORKSPACE_VARIABLE}
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "prefect.yaml"
        path.write_text(yaml.safe_dump(spec, sort_keys=False), encoding="utf-8")
        command = [sys.executable, "-m", "prefect", "--no-prompt", "deploy", "--all"]
        command += ["--prefect-file", str(path)]
        return subprocess.run(command, cwd=workspace.root, env=environment, check=False).returncode


def list_limits(flows: Flows) -> dict[str, int]:
    """Return the global concurrency limits: this machine's slots, and one promotion at a time."""
    return {**count_slots(flows), PROMOTION: 1}


def make_limits(client: SyncPrefectClient, limits: Mapping[str, int]) -> None:
    """Make the limits that are not there; say of the others what they are."""
    found = client.read_global_concurrency_limits(limit=_MAX_LIMITS)
    there = {limit.name: limit.limit for limit in found}
    for name, limit in limits.items():
        if name not in there:
            client.upsert_global_concurrency_limit_by_name(name, limit)
        sys.stdout.write(f"limit {name}: {there.get(name, limit)}\n")


def keep_schedules(client: SyncPrefectClient, path: Path) -> dict[str, Any]:
    """Return what a file deploys, without the schedules of what is deployed already.

    Prefect leaves a deployment's schedules as they are where none are given.
    """
    spec: dict[str, Any] = yaml.safe_load(path.read_text(encoding="utf-8"))
    there = {deployment.name for deployment in client.read_deployments()}
    for deployment in spec["deployments"]:
        if deployment["name"] in there:
            deployment["schedules"] = []
    return spec


def make_pool(client: SyncPrefectClient) -> None:
    """Make the work pool, or lock the one that is there."""
    template = lock_template(ProcessWorker.get_default_base_job_template())
    try:
        client.read_work_pool(POOL)
    except ObjectNotFound:
        pool = WorkPoolCreate(name=POOL, type="process", base_job_template=template)
        client.create_work_pool(pool)
    else:
        client.update_work_pool(POOL, WorkPoolUpdate(base_job_template=template))


def lock_template(template: dict[str, Any]) -> dict[str, Any]:
    """Return a process pool's template in which a run chooses no command, variables or folder.

    By Prefect's own a flow run can name any command, which the worker then runs.
    """
    locked = copy.deepcopy(template)
    for name, fixed in (("command", COMMAND), ("env", {}), ("working_dir", None)):
        locked["job_configuration"][name] = fixed
        del locked["variables"]["properties"][name]
    return locked


if __name__ == "__main__":
    sys.exit(main())
