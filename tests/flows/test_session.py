"""A run's choices are checked apart from the workspace; a run that takes too long is ended."""

from __future__ import annotations

import sys
import time
from pathlib import Path

import pytest

from flows.commands import Commands
from flows.session import Choices, check_choices, limiting_run
from lienet.errors import InputError, ToolError
from lienet.workspace import Workspace
from tests.flows.toy import Toy


def sleep_too_long(folder: Path) -> None:
    """Run a command in a run that may take a second; what waits for it fails then."""
    with Commands(folder, grace_s=1.0) as commands, limiting_run(commands, 1.0):
        command = [sys.executable, "-c", "import time; time.sleep(60)"]
        assert commands.run(command).is_interrupted
        raise ToolError("the command was ended")


def test_a_run_that_takes_too_long_is_ended_and_names_what_was_at_work(tmp_path: Path):
    started_s = time.monotonic()
    said = r"^the run was ended after 1 s \(params: flows.timeouts_s\); at work was: .*time.sleep"
    with pytest.raises(ToolError, match=said):
        sleep_too_long(tmp_path)
    assert time.monotonic() - started_s < 30.0


def test_an_error_within_the_time_is_passed_on(tmp_path: Path):
    with (
        Commands(tmp_path, grace_s=1.0) as commands,
        pytest.raises(ToolError, match="no room"),
        limiting_run(commands, 60.0),
    ):
        raise ToolError("no room")


def test_choices_are_held_against_the_graph_of_their_own_params(tmp_path: Path):
    toy = Toy(tmp_path / "clone", {"a": []})
    profile = (toy.root / "profiles" / "sample.yaml").read_text()
    renamed = profile.replace("sr-srgan: {task: sr, name: srgan,", "sr-new: {task: sr, name: new,")
    (toy.root / "profiles" / "other.yaml").write_text(renamed)
    stages = {"train": {"foreach": "${models}", "do": {"cmd": "python stage.py ${key} 0 works"}}}
    stages["train"]["do"]["outs"] = ["${key}.out"]
    (toy.root / "dvc.yaml").write_text(f"stages: {stages}".replace("'", '"'))
    workspace = Workspace(toy.root)
    check_choices(workspace, Choices(["train@sr-lienet"]))
    check_choices(workspace, Choices(["train@sr-new"], "other"))
    with pytest.raises(InputError, match="got 'train@sr-new'"):
        check_choices(workspace, Choices(["train@sr-new"]))
    with pytest.raises(InputError, match="pull and push need a DVC remote"):
        check_choices(workspace, Choices(pull=True))
    toy.run("dvc", "remote", "add", "--default", "store", str(tmp_path / "store"))
    check_choices(workspace, Choices(pull=True, push=True))
