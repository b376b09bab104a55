"""Both servers on the loopback, everything of theirs in the workspace, both ended by one signal."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest

from flows.server import list_servers, server_environment
from tests.flows.toy import ROOT, is_alive, wait_until
from tests.loopback_servers import find_free_port


def test_servers_bind_the_loopback_unless_told_otherwise(tmp_path: Path):
    for command in list_servers(tmp_path, {}).values():
        assert command[command.index("--host") + 1] == "127.0.0.1"
    for command in list_servers(tmp_path, {"LIENET_HOST": "0.0.0.0"}).values():
        assert command[command.index("--host") + 1] == "0.0.0.0"


def test_telemetry_is_off_and_state_is_in_the_workspace(tmp_path: Path):
    environment = server_environment(tmp_path)
    assert environment["PREFECT_HOME"] == str(tmp_path / "data" / "state" / "prefect")
    assert environment["PREFECT_SERVER_ANALYTICS_ENABLED"] == "false"
    assert environment["MLFLOW_DISABLE_TELEMETRY"] == environment["DO_NOT_TRACK"] == "true"


@pytest.mark.services
@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.xdist_group("prefect")
def test_both_answer_and_one_interrupt_ends_both(tmp_path: Path):
    root, home = tmp_path / "clone", tmp_path / "home"
    home.mkdir()
    root.mkdir()
    for name in ("params.yaml", "dvc.yaml"):
        (root / name).touch()
    ports = {name: str(find_free_port()) for name in ("PREFECT", "MLFLOW")}
    environment = {
        **os.environ,
        **{f"LIENET_{name}_PORT": port for name, port in ports.items()},
        "PYTHONPATH": str(ROOT),
        "HOME": str(home),
    }
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with (tmp_path / "log.txt").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "flows.server"],
            cwd=root,
            env=environment,
            stdout=log,
            stderr=log,
        )
    try:
        for path in (f"{ports['PREFECT']}/api/health", f"{ports['MLFLOW']}/health"):
            url = f"http://127.0.0.1:{path}"
            wait_until(lambda url=url: opener.open(url, timeout=5).status == 200, url, 240)
        state = root / "data" / "state"
        assert (state / "mlflow.db").is_file()
        assert (state / "prefect" / "prefect.db").is_file()
        process.send_signal(signal.SIGINT)
        assert process.wait(timeout=60) == 0
    finally:
        process.kill()
        process.wait()
    assert not is_alive(process.pid)
    for port in ports.values():
        with pytest.raises(OSError, match="refused"):
            opener.open(f"http://127.0.0.1:{port}", timeout=5)
    assert list(home.iterdir()) == []
