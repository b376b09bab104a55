"""A workspace whose stages take a stated time and note when they ran; flows run in it for real."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping
from http import HTTPStatus
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parents[2]
_STAGE = """\
import pathlib, sys, time
name, seconds, outcome = sys.argv[1], float(sys.argv[2]), sys.argv[3]
def note(event):
    with open("times.log", "a") as stream:
        stream.write(f"{name} {event} {time.time()}\\n")
try:
    note("start")
    print(f"{name} is at work")
    time.sleep(seconds)
except KeyboardInterrupt:
    note("interrupted")
    raise
if outcome == "fails" or (outcome == "fails-once" and not pathlib.Path("failed.txt").exists()):
    pathlib.Path("failed.txt").touch()
    print(f"{name} met with a mishap")
    sys.exit(3)
pathlib.Path(f"{name.replace('@', '_')}.out").write_text(name)
note("end")
"""
_RUN = """\
import json, sys
from flows.{flow} import {flow}
for parameters in json.loads(sys.argv[1]):
    state = {flow}(**parameters, return_state=True)
    print("STATE", json.dumps([state.type.value, state.name, state.message]), flush=True)
"""


class Toy:
    """A DVC workspace of stages that sleep.

    Args:
        root: a folder, made for it.
        stages: by name, the stages that each waits for; a name may hold an "@".
        seconds: how long a stage takes.
        outcomes: "fails" or "fails-once", for stages that do.
    """

    def __init__(
        self,
        root: Path,
        stages: Mapping[str, list[str]],
        *,
        seconds: float = 0.0,
        outcomes: Mapping[str, str] | None = None,
    ) -> None:
        self.root = root
        root.mkdir(parents=True)
        (root / "stage.py").write_text(_STAGE)
        shutil.copy2(ROOT / "profiles" / "sample.yaml", root / "params.yaml")
        for folder in ("flows", "profiles"):
            shutil.copytree(ROOT / folder, root / folder)
        shutil.copy2(ROOT / "prefect.yaml", root)
        self.run("dvc", "init", "--quiet", "--no-scm")
        self.run("dvc", "config", "core.check_update", "false")
        outcomes = outcomes or {}
        self.write_stages(
            {
                name: {
                    "cmd": f"python stage.py {name} {seconds} {outcomes.get(name, 'works')}",
                    "deps": [f"{one.replace('@', '_')}.out" for one in inputs],
                    "outs": [f"{name.replace('@', '_')}.out"],
                }
                for name, inputs in stages.items()
            }
        )

    def write_stages(self, stages: Mapping[str, Mapping[str, Any]]) -> None:
        """Write dvc.yaml; stages of one stem become one ``foreach``."""
        groups: dict[str, Any] = {}
        for name, stage in stages.items():
            stem, at, item = name.partition("@")
            if not at:
                groups[stem] = dict(stage)
                continue
            group = groups.setdefault(
                stem, {"foreach": {}, "do": {key: f"${{item.{key}}}" for key in ("cmd",)}}
            )
            group["foreach"][item] = dict(stage)
            for key in ("deps", "outs"):
                longest = max(len(one.get(key, [])) for one in group["foreach"].values())
                group["do"][key] = [f"${{item.{key}[{number}]}}" for number in range(longest)]
        (self.root / "dvc.yaml").write_text(yaml.safe_dump({"stages": groups}, sort_keys=False))

    def set_flows(self, **values: object) -> None:
        """Change params of the section flows."""
        path = self.root / "params.yaml"
        params = yaml.safe_load(path.read_text())
        params["flows"].update(values)
        path.write_text(yaml.safe_dump(params, sort_keys=False))

    def environment(self, **more: str) -> dict[str, str]:
        """Return the environment of commands in the workspace."""
        path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
        return {**os.environ, "PATH": path, "PYTHONPATH": f"{self.root}{os.pathsep}{ROOT}", **more}

    def run(self, *command: str, **environment: str) -> str:
        """Run a command; return what it wrote, or fail with it."""
        ran = subprocess.run(
            command,
            cwd=self.root,
            env=self.environment(**environment),
            capture_output=True,
            text=True,
            check=False,
        )
        assert ran.returncode == 0, f"{' '.join(command)}:\n{(ran.stdout + ran.stderr)[-6000:]}"
        return ran.stdout + ran.stderr

    def run_flow(
        self, environment: Mapping[str, str], flow: str = "pipeline", **parameters: object
    ) -> tuple[list[str], str]:
        """Run a flow in a process of its own; return type, name and message of its state, and all
        that it wrote.
        """
        (state,), output = self.run_flows(environment, [parameters], flow)
        return state, output

    def run_flows(
        self,
        environment: Mapping[str, str],
        several: list[dict[str, object]],
        flow: str = "pipeline",
    ) -> tuple[list[list[str]], str]:
        """Run a flow several times in one process; return the state of each, and the output."""
        output = self.run(
            sys.executable, "-c", _RUN.format(flow=flow), json.dumps(several), **environment
        )
        lines = [line for line in output.splitlines() if line.startswith("STATE ")]
        return [json.loads(line.removeprefix("STATE ")) for line in lines], output

    def times(self) -> dict[str, dict[str, float]]:
        """Return when each stage last started and ended."""
        found: dict[str, dict[str, float]] = {}
        path = self.root / "times.log"
        for line in path.read_text().splitlines() if path.exists() else ():
            name, event, at = line.split()
            found.setdefault(name, {})[event] = float(at)
        return found


class Api:
    """Prefect's server, asked and told in JSON."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        self._url = environment["PREFECT_API_URL"]
        self._opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))

    def post(self, path: str, **body: object) -> Any:
        """Return the answer to a POST of an object."""
        return self.post_list(path, body)

    def post_list(self, path: str, body: object) -> Any:
        """Return the answer to a POST."""
        request = urllib.request.Request(
            f"{self._url}/{path}",
            json.dumps(body).encode(),
            {"content-type": "application/json"},
        )
        text = self._send(request)
        return json.loads(text) if text else None

    def _send(self, request: urllib.request.Request) -> bytes:
        """Return the answer; again where the server's SQLite was busy, as Prefect's client does."""
        for pause_s in (0.5, 1.0, 2.0, 4.0, 8.0):
            try:
                with self._opener.open(request, timeout=30) as answer:
                    return bytes(answer.read())
            except urllib.error.HTTPError as error:
                if error.code != HTTPStatus.SERVICE_UNAVAILABLE:
                    raise
                time.sleep(pause_s)
        with self._opener.open(request, timeout=30) as answer:
            return bytes(answer.read())

    def get(self, path: str) -> Any:
        """Return the answer to a GET."""
        with self._opener.open(f"{self._url}/{path}", timeout=30) as answer:
            return json.loads(answer.read())

    def latest_runs(self, number: int, flow: str = "pipeline") -> list[dict[str, Any]]:
        """Return the flow runs that were started last, the first of them first."""
        runs: list[dict[str, Any]] = self.post(
            "flow_runs/filter",
            flows={"name": {"any_": [flow]}},
            flow_runs={"start_time": {"after_": "2000-01-01T00:00:00Z"}},
            sort="START_TIME_DESC",
            limit=number,
        )
        return runs[::-1]

    def delete(self, path: str) -> None:
        """Send a DELETE."""
        request = urllib.request.Request(f"{self._url}/{path}", method="DELETE")
        self._opener.open(request, timeout=30).close()

    def patch(self, path: str, **body: object) -> None:
        """Send a PATCH of an object."""
        headers = {"content-type": "application/json"}
        url, text = f"{self._url}/{path}", json.dumps(body).encode()
        self._send(urllib.request.Request(url, text, headers, method="PATCH"))

    def pause(self, deployment: str) -> None:
        """Stop a deployment's schedules."""
        self.post(f"deployments/{deployment}/pause_deployment")

    def task_runs(self, run_id: str) -> list[dict[str, Any]]:
        """Return a flow run's task runs, in the order of their making."""
        found: list[dict[str, Any]] = self.post(
            "task_runs/filter",
            flow_runs={"id": {"any_": [run_id]}},
            sort="EXPECTED_START_TIME_ASC",
        )
        return found

    def task_states(self, run_id: str) -> dict[str, str]:
        """Return the name of the latest state of each task run."""
        return {one["name"]: one["state_name"] for one in self.task_runs(run_id)}

    def artifacts(self, run_id: str) -> dict[str, dict[str, Any]]:
        """Return a flow run's artifacts by key."""
        found = self.post("artifacts/filter", flow_runs={"id": {"any_": [run_id]}})
        return {one["key"]: one for one in found}

    def wait_for(self, run_id: str, *names: str, timeout_s: float = 120.0) -> dict[str, Any]:
        """Wait until a flow run is in a state of one of these names; return the run."""
        run: dict[str, Any] = {}

        def is_there() -> bool:
            run.update(self.get(f"flow_runs/{run_id}"))
            return run["state_name"] in names

        wait_until(is_there, f"flow run in {names}", timeout_s)
        return run


def wait_until(is_so: Callable[[], bool], what: str, timeout_s: float = 60.0) -> None:
    """Wait until a condition holds; errors of a server that is away count as not yet."""
    deadline = time.monotonic() + timeout_s
    while True:
        try:
            if is_so():
                return
        except OSError:
            pass
        assert time.monotonic() < deadline, f"waited in vain for: {what}"
        time.sleep(0.2)


def is_alive(pid: int) -> bool:
    """Return whether a process runs, and is not merely unburied."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return False
    return stat.rpartition(")")[2].split()[0] != "Z"


def parent_of(pid: int) -> int:
    """Return a process's parent."""
    stat = Path(f"/proc/{pid}/stat").read_text()
    return int(stat.rpartition(")")[2].split()[1])
