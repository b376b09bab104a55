"""The pipeline as a flow of a real server: order, failures, caching, choices."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from prefect.logging import disable_run_logger

from flows.commands import Commands, Finished
from flows.dvc import Dvc
from flows.pipeline import conclude, update_mlflow
from flows.run import Ends
from flows.session import Session
from flows.stage import Outcome
from lienet.params import load_params
from lienet.workspace import Workspace
from tests.flows.toy import Api, Toy, is_alive, wait_until
from tests.loopback_servers import PrefectServer

services = [pytest.mark.services, pytest.mark.slow, pytest.mark.xdist_group("prefect")]
services += [pytest.mark.timeout(900)]
# Two arms of different length: level by level, c would wait for the slow b.
ARMS = {"a@1": [], "b@1": [], "c@1": ["a@1"], "d@1": ["c@1"], "e": ["b@1", "d@1"]}


def test_failed_stages_are_named_before_those_not_run():
    outcomes = {"a": Outcome.RAN, "b": Outcome.FAILED, "c": Outcome.NOT_RUN}
    state = conclude(Ends(outcomes, {"b": "b failed: no room"}))
    assert (state.type.value, state.message) == (
        "FAILED",
        "b failed: no room; not run because of it: c",
    )


def test_cached_stages_are_counted_apart():
    state = conclude(Ends({"a": Outcome.RAN, "b": Outcome.CACHED, "c": Outcome.CACHED}, {}))
    assert (state.type.value, state.message) == ("COMPLETED", "1 stages ran, 2 were cached")


@pytest.mark.parametrize(
    ("outcomes", "items"),
    [
        (
            {
                "train@sr-lienet": Outcome.CACHED,
                "export@sr-srgan": Outcome.FAILED,
                "evaluate_methods@sr-bicubic": Outcome.RAN,
                "filter@sample": Outcome.RAN,
            },
            [["sr-bicubic", "sr-lienet"]],
        ),
        ({"train@sr-lienet": Outcome.FAILED, "filter@sample": Outcome.RAN}, []),
    ],
)
def test_mlflow_is_updated_for_the_models_of_the_run_and_its_absence_fails_none(
    tmp_path: Path, repository: Path, outcomes: dict[str, Outcome], items: list[list[str]]
):
    for code, told in ((0, [{"run_id": "abc"}] if items else []), (1, [])):
        commands = TrackCommands(tmp_path, code)
        params = load_params(repository / "profiles" / "sample.yaml")
        session = Session(Workspace(tmp_path), params, "", commands, Dvc(commands))
        with disable_run_logger():
            assert update_mlflow(session, outcomes) == told
        assert [words[:3] for words in commands.asked] == [["lienet", "track", "--json"]] * len(
            items
        )
        assert [words[4:] for words in commands.asked] == items


class TrackCommands(Commands):
    """Commands that end with a code, are noted, and write a run if they succeed."""

    def __init__(self, root: Path, code: int) -> None:
        super().__init__(root, grace_s=1.0)
        self.code = code
        self.asked: list[list[str]] = []

    def run(self, command, on_line=lambda line: None):
        self.asked.append([*command])
        if self.code == 0:
            Path(command[3]).write_text('[{"run_id": "abc"}]')
        return Finished(self.code, ("MLflow is away",))


class TestWithServer:
    pytestmark = services

    def test_refused_target_failed_stage_and_second_run(
        self, tmp_path: Path, prefect_server: PrefectServer, api: Api
    ):
        toy = Toy(
            tmp_path / "a clone",
            {"start": [], "broken": ["start"], "after": ["broken"], "sibling": ["start"]},
            outcomes={"broken": "fails-once"},
        )
        params_before = (toy.root / "params.yaml").read_bytes()
        environment = {**prefect_server.environment, "AWS_SECRET_ACCESS_KEY": "planted-secret-1"}

        asked = [{"targets": ["a; touch pwned"]}, {"overrides": {"train.steps": 7}}, {}]
        (refused, failed, again), output = toy.run_flows(environment, asked)
        assert refused[0] == "FAILED"
        assert refused[2].startswith("targets must be stages of dvc.yaml, got 'a; touch pwned'; ")
        assert not (toy.root / "pwned").exists()

        first, second = api.latest_runs(2)
        reason = "broken failed: broken met with a mishap"
        assert failed[::2] == ["FAILED", f"{reason}; not run because of it: after"]
        assert reason in output
        assert "Traceback" not in output
        assert "dvc push" not in output
        assert api.task_states(first["id"]) == {
            "start": "Completed",
            "broken": "Failed",
            "sibling": "Completed",
            "after": "NotReady",
        }
        artifacts = api.artifacts(first["id"])
        assert '"train.steps": 7' in artifacts["choices"]["data"]
        assert "steps: 7\n" in artifacts["choices"]["data"]
        assert (toy.root / "params.yaml").read_bytes() == params_before

        assert again[::2] == ["COMPLETED", "2 stages ran, 2 were cached"]
        assert api.task_states(second["id"]) == {
            "start": "Cached",
            "broken": "Completed",
            "sibling": "Cached",
            "after": "Completed",
        }
        assert b"planted-secret-1" not in _all_bytes(toy.root, prefect_server.folder)

    def test_stages_start_as_soon_as_their_inputs_are_done(
        self, tmp_path: Path, prefect_server: PrefectServer
    ):
        toy = Toy(tmp_path / "clone", ARMS)
        stages = toy.root / "dvc.yaml"
        stages.write_text(stages.read_text().replace("stage.py b@1 0.0", "stage.py b@1 20.0"))
        toy.set_flows(cpu_slots=2)
        (kind, _, message), _ = toy.run_flow(prefect_server.environment)
        assert kind == "COMPLETED", message
        times = toy.times()
        assert times["c@1"]["start"] < times["d@1"]["start"] < times["b@1"]["end"]
        assert times["e"]["start"] > max(times["b@1"]["end"], times["d@1"]["end"])

    def test_code_is_brought_up_to_date_before_dvc_is_asked_what_is_stale(
        self, tmp_path: Path, prefect_server: PrefectServer, api: Api
    ):
        toy = Toy(tmp_path / "clone", {"code_x": [], "code": ["code_x"], "a": ["code"], "b": ["a"]})
        toy.run("dvc", "repro", "--quiet")
        stages = toy.root / "dvc.yaml"
        stages.write_text(stages.read_text().replace("stage.py code 0.0", "stage.py code 0.1"))
        (kind, _, message), _ = toy.run_flow(prefect_server.environment)
        assert (kind, message) == ("COMPLETED", "1 stages ran, 3 were cached")
        states = api.task_states(api.latest_runs(1)[0]["id"])
        assert states == {"code_x": "Cached", "code": "Completed", "a": "Cached", "b": "Cached"}

    def test_terminated_run_ends_its_stage_and_frees_dvc(
        self, tmp_path: Path, prefect_server: PrefectServer
    ):
        toy = Toy(tmp_path / "clone", {"train@a": []}, seconds=60)
        code = "from flows.pipeline import pipeline; pipeline()"
        with (tmp_path / "log.txt").open("wb") as log:
            process = subprocess.Popen(
                [sys.executable, "-c", code],
                cwd=toy.root,
                env=toy.environment(**prefect_server.environment),
                stdout=log,
                stderr=log,
            )
        try:
            wait_until(lambda: "start" in toy.times().get("train@a", {}), "the stage's start")
            children = _descendants(process.pid)
            assert len(children) >= 3  # guard, dvc, stage
            process.send_signal(signal.SIGTERM)
            process.wait(timeout=60)
        finally:
            process.kill()
            process.wait()
        wait_until(lambda: not any(map(is_alive, children)), "the end of every process")
        assert "interrupted" in toy.times()["train@a"]
        stages = toy.root / "dvc.yaml"
        stages.write_text(stages.read_text().replace(" 60 ", " 0 "))
        toy.run("dvc", "repro", "--quiet")
        assert "end" in toy.times()["train@a"]


def _descendants(pid: int) -> list[int]:
    found: list[int] = []
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            text = path.read_text()
        except OSError:
            continue
        parent = int(text.rpartition(")")[2].split()[1])
        if parent == pid:
            child = int(path.parent.name)
            found += [child, *_descendants(child)]
    return found


def _all_bytes(*folders: Path) -> bytes:
    return b"".join(
        path.read_bytes()
        for folder in folders
        for path in folder.rglob("*")
        if path.is_file() and os.access(path, os.R_OK)
    )
