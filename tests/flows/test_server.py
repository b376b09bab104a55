"""Both servers on the loopback, everything of theirs in the workspace, both ended by one signal."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import urllib.error
import urllib.request
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import pytest

from flows.server import list_servers, server_environment
from flows.server_access import Access
from tests.browser import find_browser, read_page
from tests.flows.toy import ROOT, is_alive, parent_of, wait_until
from tests.loopback_http import serve_http
from tests.loopback_servers import find_free_port


def test_servers_bind_the_loopback_unless_told_otherwise(tmp_path: Path):
    for command in list_servers(tmp_path, Access()).values():
        assert command[command.index("--host") + 1] == "127.0.0.1"
    for command in list_servers(tmp_path, Access(host="0.0.0.0")).values():
        assert command[command.index("--host") + 1] == "0.0.0.0"


def test_telemetry_is_off_and_state_is_in_the_workspace(tmp_path: Path):
    environment = server_environment(tmp_path, Access())
    assert environment["PREFECT_HOME"] == str(tmp_path / "data" / "state" / "prefect")
    assert environment["PREFECT_SERVER_ANALYTICS_ENABLED"] == "false"
    assert environment["MLFLOW_DISABLE_TELEMETRY"] == environment["DO_NOT_TRACK"] == "true"


@pytest.mark.services
@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.xdist_group("prefect")
def test_both_answer_alone_come_back_and_one_interrupt_ends_both(tmp_path: Path):
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
        refuse_strangers(ports)
        restart_after_a_crash(opener, ports)
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


ATTACK = """<!doctype html><title>a page of a stranger</title><p id="said">waiting</p><script>
const url = "http://127.0.0.1:PORT";
const json = {"Content-Type": "application/json"}, plain = {"Content-Type": "text/plain"};
const send = (path, headers, mode) => fetch(url + path, {
  method: "POST", mode, headers, body: JSON.stringify({name: "taken"})
}).then(() => "sent", () => "blocked");
Promise.all([
  send("/api/flows/", json, "cors"), send("/api/flows/", plain, "no-cors"),
  fetch(url + "/api/admin/version").then(() => "read", () => "blocked"),
]).then(said => document.getElementById("said").textContent = "tried: " + said.join(", "));
</script>"""


def refuse_strangers(ports: dict[str, str]) -> None:
    """A page of another origin, and a name that was made to lead here, get and do nothing."""
    for name, path in (("PREFECT", "/api/admin/version"), ("MLFLOW", "/")):
        url = f"http://127.0.0.1:{ports[name]}{path}"
        with pytest.raises(urllib.error.HTTPError) as refused:
            get(urllib.request.Request(url, headers={"Host": "stranger.example"}))
        assert refused.value.code in (400, 403)
        refused.value.close()

    class Page(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.end_headers()
            self.wfile.write(ATTACK.replace("PORT", ports["PREFECT"]).encode())

    if find_browser() is not None:
        with serve_http(Page) as url:
            assert "tried: blocked, sent, blocked" in read_page(url, ["tried:"])
    asked = urllib.request.Request(
        f"http://127.0.0.1:{ports['PREFECT']}/api/flows/filter",
        data=b"{}",
        headers={"Content-Type": "application/json"},
    )
    assert get(asked) == []


def restart_after_a_crash(opener: urllib.request.OpenerDirector, ports: dict[str, str]) -> None:
    """Prefect's server is killed: MLflow's goes on, and it is there again."""

    def answers(port: str, path: str) -> bool:
        try:
            return bool(opener.open(f"http://127.0.0.1:{port}{path}", timeout=5).status == 200)
        except OSError:
            return False

    command = f"--port\0{ports['PREFECT']}\0".encode()
    processes = (int(each.name) for each in Path("/proc").iterdir() if each.name.isdecimal())
    (server,) = (pid for pid in processes if is_server(pid, command))
    os.kill(parent_of(server), signal.SIGKILL)  # its guard: the server goes with it
    wait_until(lambda: not answers(ports["PREFECT"], "/api/health"), "the crash")
    assert answers(ports["MLFLOW"], "/health")
    wait_until(lambda: answers(ports["PREFECT"], "/api/health"), "the server's return", 240)


def is_server(pid: int, command: bytes) -> bool:
    try:
        line = Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return False
    return command in line and b"guard.py" not in line


def get(request: urllib.request.Request) -> object:
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with opener.open(request, timeout=30) as answer:
        return json.loads(answer.read())
