"""The nightly flow: candidates, the gate's verdicts, and pull and push."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from prefect.logging import disable_run_logger

from flows.commands import Commands, Finished
from flows.dvc import Dvc
from flows.nightly import describe_verdicts, list_candidates, promote_model
from flows.session import Session
from flows.stage import Outcome
from lienet.params import load_params
from lienet.workspace import Workspace
from tests.flows.toy import Api, Toy
from tests.loopback_servers import PrefectServer


class Gate(Commands):
    """A ``lienet promote`` that answers as told."""

    def __init__(self, root: Path, code: int, answer: dict[str, object]) -> None:
        super().__init__(root, grace_s=1.0)
        self.code, self.answer = code, answer
        self.asked: list[list[str]] = []

    def run(self, command, on_line=lambda line: None):
        *words, path = command
        self.asked.append(words)
        Path(path).write_text(json.dumps(self.answer))
        return Finished(self.code, ("one", "the store is away"))


def test_promote_command_is_run_and_its_verdict_returned(tmp_path: Path):
    gate = Gate(tmp_path, 0, {"promoted": True, "champion": "sr-lienet v3", "reasons": []})
    with disable_run_logger():
        assert promote_model.fn("sr-lienet", gate) == gate.answer
    assert gate.asked == [["lienet", "promote", "sr-lienet", "--json"]]


def test_a_failed_promote_command_says_why_in_its_state(tmp_path: Path):
    with disable_run_logger():
        state = promote_model.fn("sr-lienet", Gate(tmp_path, 1, {}))
    assert (state.name, state.message) == (
        "Failed",
        "lienet promote sr-lienet failed: the store is away",
    )


def test_candidates_are_trained_and_evaluated_models(tmp_path: Path, repository: Path):
    path = repository / "profiles" / "sample.yaml"
    commands = Commands(tmp_path, grace_s=1.0)
    session = Session(Workspace(tmp_path), load_params(path), "", commands, Dvc(commands))
    outcomes = dict.fromkeys(
        (f"{stage}@{model}" for stage in ("train", "evaluate") for model in session.params.models),
        Outcome.CACHED,
    )
    candidates = list_candidates(session, outcomes)
    assert "sr-lienet" in candidates
    assert "sr-bicubic" not in candidates
    del outcomes["evaluate@sr-srgan"]
    assert list_candidates(session, outcomes) == [m for m in candidates if m != "sr-srgan"]


def test_verdicts_are_a_markdown_table():
    text = describe_verdicts(
        {
            "sr-lienet": {"promoted": True, "champion": "sr-lienet", "reasons": []},
            "sr-srgan": {"promoted": False, "champion": "sr-lienet", "reasons": ["gain|0", "macs"]},
        }
    )
    assert text.splitlines()[2:] == [
        "| sr-lienet | promoted | sr-lienet |  |",
        "| sr-srgan | challenger | sr-lienet | gain\\|0; macs |",
    ]


services = [pytest.mark.services, pytest.mark.slow, pytest.mark.timeout(900)]
services += [pytest.mark.xdist_group("prefect")]


class TestWithServer:
    pytestmark = services

    def test_outputs_pushed_here_are_pulled_there(
        self, tmp_path: Path, prefect_server: PrefectServer, api: Api
    ):
        stages = {"data": [], "report": ["data"]}
        here = Toy(tmp_path / "here", stages)
        here.run("dvc", "remote", "add", "--default", "store", str(tmp_path / "store"))
        (kind, _, message), _ = here.run_flow(prefect_server.environment, "nightly", promote=False)
        assert (kind, message) == ("COMPLETED", "2 stages ran, 0 were cached; promoted: none")
        there = Toy(tmp_path / "there", stages)
        there.run("dvc", "remote", "add", "--default", "store", str(tmp_path / "store"))
        (there.root / "dvc.lock").write_bytes((here.root / "dvc.lock").read_bytes())
        (there.root / "data.out").write_text("half of what a killed stage wro")
        (kind, _, message), _ = there.run_flow(prefect_server.environment, "nightly")
        assert (kind, message) == ("COMPLETED", "0 stages ran, 2 were cached; promoted: none")
        assert not (there.root / "times.log").exists()
        (run,) = api.latest_runs(1, "nightly")
        assert "gate" in api.artifacts(run["id"])
        assert {"dvc pull", "dvc push"} <= api.task_states(run["id"]).keys()

    def test_a_night_whose_push_fails_is_completed_and_says_so(
        self, tmp_path: Path, prefect_server: PrefectServer, api: Api
    ):
        toy = Toy(tmp_path / "clone", {"data": []})
        toy.set_flows(download_retries=1, download_backoff_s=0.1)
        store = tmp_path / "store"
        toy.run("dvc", "remote", "add", "--default", "store", str(store))
        stages = toy.root / "dvc.yaml"  # which puts a file where the remote has its folder
        stages.write_text(stages.read_text().replace(" works", f" works && touch {store}"))
        environment = prefect_server.environment
        (kind, name, message), output = toy.run_flow(environment, "nightly", promote=False)
        assert (kind, name) == ("COMPLETED", "NotPushed"), output[-3000:]
        assert message.startswith("1 stages ran, 0 were cached; promoted: none; dvc push failed: ")
        assert "Traceback" not in output
        runs = api.task_runs(api.latest_runs(1, "nightly")[0]["id"])
        (push,) = [one for one in runs if one["name"] == "dvc push"]
        assert (push["state_name"], push["run_count"]) == ("Failed", 2)
