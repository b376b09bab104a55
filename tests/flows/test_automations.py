"""People are told of a night that failed and of one that never ran; deployments keep changes."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import pytest
import yaml

from flows.automations import list_notices
from lienet.errors import InputError
from lienet.params.flows import Notify
from tests.flows.own_server import OwnPrefectServer
from tests.flows.toy import Api, Toy, wait_until
from tests.flows.worker_process import Worker, deploy
from tests.loopback_http import serve_http

PATIENCE_S = 180.0


def test_email_needs_a_mail_server(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.delenv("LIENET_SMTP", raising=False)
    notify = Notify(webhook=None, email="team@lab.example", file=None, late_after_s=60.0)
    with pytest.raises(InputError, match=r"needs a mail server; set LIENET_SMTP="):
        list_notices(notify)


@pytest.mark.services
@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.xdist_group("prefect")
def test_a_failed_night_and_one_that_never_ran_are_told_of(tmp_path: Path):
    told: list[dict[str, str]] = []

    class Webhook(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            told.append(json.loads(self.rfile.read(int(self.headers["content-length"]))))
            self.send_response(204)
            self.end_headers()

    toy = Toy(tmp_path / "clone", {"train@a": []}, outcomes={"train@a": "fails"})
    path = tmp_path / "nights.txt"
    with OwnPrefectServer(tmp_path / "prefect") as server, serve_http(Webhook) as url:
        notify = {"webhook": url, "email": None, "file": str(path), "late_after_s": 10.0}
        toy.set_flows(notify=notify)
        api = Api(server.environment)
        environment = toy.environment(**server.environment)
        deploy(toy.root, environment, api)
        nightly = api.get("deployments/name/nightly/nightly")["id"]
        due = (datetime.now(UTC) - timedelta(seconds=60)).isoformat()
        late = api.post(
            f"deployments/{nightly}/create_flow_run",
            state={"type": "SCHEDULED", "state_details": {"scheduled_time": due}},
        )
        wait_until(lambda: len(told) == 1, "the notice of a night that never ran", PATIENCE_S)
        assert told[0]["subject"] == "lienet: a night never ran"
        assert late["name"] in told[0]["body"]
        assert f"/runs/flow-run/{late['id']}" in told[0]["body"]
        with Worker(toy.root, environment) as worker:
            run = api.wait_for(late["id"], "Failed", "Completed", timeout_s=PATIENCE_S)
            assert run["state_name"] == "Failed", worker.log()[-3000:]
        wait_until(lambda: len(told) == 2, "the notice of a failed night", PATIENCE_S)
        assert told[1]["subject"] == "lienet: a night failed"
        assert "Failed. train@a failed: train@a met with a mishap" in told[1]["body"]
        assert run["name"].startswith("nightly 20")
        assert run["tags"] == ["profile:sample", "commit:none"]
        wait_until(lambda: path.is_file() and path.read_text().count("lienet: ") == 2, "the file")


@pytest.mark.services
@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.xdist_group("prefect")
def test_deploying_again_keeps_what_was_changed_in_the_pages(tmp_path: Path):
    toy = Toy(tmp_path / "clone", {"a": []})
    toy.set_flows(notify={"webhook": None, "email": None, "file": "n.txt", "late_after_s": 60.0})
    with OwnPrefectServer(tmp_path / "prefect") as server:
        api = Api(server.environment)
        environment = toy.environment(**server.environment)
        deploy(toy.root, environment, api)
        nightly = api.get("deployments/name/nightly/nightly")
        (schedule,) = nightly["schedules"]
        changed = {"schedule": {"cron": "30 4 * * 1", "timezone": "UTC"}, "active": False}
        api.patch(f"deployments/{nightly['id']}/schedules/{schedule['id']}", **changed)
        api.patch("v2/concurrency_limits/cpu", limit=32)
        automations = api.post("automations/filter")
        assert len(automations) == 2
        api.patch(f"automations/{automations[0]['id']}", enabled=False)

        spec = yaml.safe_load((toy.root / "prefect.yaml").read_text())
        spec["deployments"][1]["description"] = "Another description."
        (toy.root / "prefect.yaml").write_text(yaml.safe_dump(spec, sort_keys=False))
        toy.run("python", "-m", "flows.deploy", **server.environment)
        again = api.get("deployments/name/nightly/nightly")
        assert again["id"] == nightly["id"]
        assert again["description"] == "Another description."
        (kept,) = again["schedules"]
        assert (kept["schedule"]["cron"], kept["active"]) == ("30 4 * * 1", False)
        limits = {one["name"]: one["limit"] for one in api.post("v2/concurrency_limits/filter")}
        assert limits["cpu"] == 32
        found = {one["id"]: one["enabled"] for one in api.post("automations/filter")}
        assert found == {automations[0]["id"]: False, automations[1]["id"]: True}

        toy.set_flows(notify={"webhook": None, "email": None, "file": None, "late_after_s": 60.0})
        toy.run("python", "-m", "flows.deploy", **server.environment)
        assert api.post("automations/filter") == []
