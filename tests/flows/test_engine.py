"""A flow run whose process begins while Prefect's server is away starts when it is back."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.flows.own_server import OwnPrefectServer
from tests.flows.toy import ROOT, Api, Toy
from tests.flows.worker_process import create_run, deploy


@pytest.mark.services
@pytest.mark.slow
@pytest.mark.timeout(400)
@pytest.mark.xdist_group("prefect")
def test_a_run_that_begins_without_the_server_waits_for_it(tmp_path: Path):
    toy = Toy(tmp_path / "clone", {"a": []})
    with OwnPrefectServer(tmp_path / "prefect") as server:
        api = Api(server.environment)
        environment = toy.environment(**server.environment, LIENET_WORKSPACE=str(toy.root))
        run = create_run(api, deploy(toy.root, environment, api))
        server.kill()
        with subprocess.Popen(
            [sys.executable, "-m", "flows.engine"],
            cwd=tmp_path,
            env={**environment, "PYTHONPATH": str(ROOT), "PREFECT__FLOW_RUN_ID": run},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        ) as process:
            time.sleep(12.0)
            assert process.poll() is None
            server.start()
            output, _ = process.communicate(timeout=200)
        assert api.get(f"flow_runs/{run}")["state_name"] == "Completed", output.decode()[-3000:]
        assert "end" in toy.times()["a"]
