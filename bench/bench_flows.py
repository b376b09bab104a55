"""Flows: what Prefect costs over the stages themselves, and what running side by side saves.

Ten stages that sleep for ten seconds, two chains of five, in a DVC workspace of their own: by the
flow ``pipeline`` on a warm server, and by ``dvc repro``. LIENET_BENCH_STAGE_S sets the seconds.
"""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import yaml

from flows.commands import Commands
from flows.server import server_environment
from flows.server_access import Access

ROOT = Path(__file__).resolve().parent.parent
NUM_CHAINS, NUM_LINKS = 2, 5
STAGE_S = float(os.environ.get("LIENET_BENCH_STAGE_S", "10"))
_TARGET = 1.15
_START_S = 120.0
_FLOW = f"""
import sys, time
from prefect.client.orchestration import get_client
from flows.pipeline import pipeline
with get_client(sync_client=True) as client:  # as make deploy does
    client.upsert_global_concurrency_limit_by_name("cpu", {NUM_CHAINS})
if sys.argv[1] == "warm":
    print(pipeline(targets=["never"], return_state=True).message)
start = time.perf_counter()
state = pipeline(return_state=True)
assert state.is_completed(), state.message
print("WALL", time.perf_counter() - start)
"""


def measure(data_dir: Path | None) -> dict[str, float | str]:
    """Return the flow's wall time and ``dvc repro``'s, each over the critical path."""
    del data_dir
    critical_s = NUM_LINKS * STAGE_S
    with tempfile.TemporaryDirectory() as name, _serving(Path(name) / "server") as environment:
        by_flow = _make_workspace(Path(name) / "flow")
        output = _run([sys.executable, "-c", _FLOW, "warm"], by_flow, environment)
        flow_s = float(output.rpartition("WALL ")[2])
        by_dvc = _make_workspace(Path(name) / "dvc")
        started = time.perf_counter()
        _run(["dvc", "repro", "--quiet"], by_dvc, environment)
        dvc_s = time.perf_counter() - started
        again = _run([sys.executable, "-c", _FLOW, "again"], by_flow, environment)
        cached_s = float(again.rpartition("WALL ")[2])
    ratio = flow_s / critical_s
    return {
        "flows_critical_path_s": critical_s,
        "flows_pipeline_s": flow_s,
        "flows_pipeline_over_critical_path": ratio,
        "flows_pipeline_target": f"{'met' if ratio <= _TARGET else 'missed'}: {_TARGET}",
        "flows_dvc_repro_s": dvc_s,
        "flows_dvc_repro_over_critical_path": dvc_s / critical_s,
        "flows_dvc_repro_over_all_stages": dvc_s / (critical_s * NUM_CHAINS),
        "flows_nothing_to_do_s": cached_s,
        "flows_load_average": os.getloadavg()[0],
    }


def _make_workspace(root: Path) -> Path:
    root.mkdir(parents=True)
    shutil.copy2(ROOT / "profiles" / "sample.yaml", root / "params.yaml")
    params = yaml.safe_load((root / "params.yaml").read_text(encoding="utf-8"))
    params["flows"]["cpu_slots"] = NUM_CHAINS
    (root / "params.yaml").write_text(yaml.safe_dump(params), encoding="utf-8")
    stages = {}
    for chain in range(NUM_CHAINS):
        for link in range(NUM_LINKS):
            name = f"stage_{chain}_{link}"
            stages[name] = {
                "cmd": f"sleep {STAGE_S} && echo {name} > {name}.txt",
                "deps": [f"stage_{chain}_{link - 1}.txt"] if link else [],
                "outs": [f"{name}.txt"],
            }
    (root / "dvc.yaml").write_text(yaml.safe_dump({"stages": stages}), encoding="utf-8")
    _run(["dvc", "init", "--no-scm", "--quiet"], root, {})
    _run(["dvc", "config", "core.check_update", "false"], root, {})  # as in this repository
    return root


def _run(command: list[str], root: Path, environment: dict[str, str]) -> str:
    beside = str(Path(sys.executable).parent)
    variables = {
        **os.environ,
        "PATH": os.pathsep.join([beside, os.environ["PATH"]]),
        "PYTHONPATH": str(ROOT),
        **environment,
    }
    ran = subprocess.run(
        command, cwd=root, env=variables, capture_output=True, text=True, check=False
    )
    if ran.returncode != 0:
        raise RuntimeError(f"{command[0]} failed:\n{(ran.stdout + ran.stderr)[-4000:]}")
    return ran.stdout


@contextmanager
def _serving(folder: Path) -> Iterator[dict[str, str]]:
    """Run a Prefect server on the loopback; yield what its clients need to know."""
    (folder / "data" / "state").mkdir(parents=True)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    environment = server_environment(folder, Access())
    commands = Commands(folder, grace_s=15.0, environment=environment)
    command = [sys.executable, "-m", "prefect", "server", "start", "--port", str(port)]
    thread = threading.Thread(target=commands.run, args=(command,))
    thread.start()
    try:
        _wait(f"http://127.0.0.1:{port}/api/health")
        yield {**environment, "PREFECT_API_URL": f"http://127.0.0.1:{port}/api"}
    finally:
        commands.stop()
        thread.join()


def _wait(url: str) -> None:
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    deadline = time.monotonic() + _START_S
    while True:
        try:
            with opener.open(url, timeout=5):
                return
        except OSError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.2)
