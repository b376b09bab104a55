"""What a stage reads, held while it runs: params, inputs and code that change are told."""

from __future__ import annotations

import json
import time
from dataclasses import asdict
from pathlib import Path

import pytest
import yaml
from typer.testing import CliRunner

from lienet.cli import app
from lienet.cli.stage_inputs import (
    find_code_changes,
    read_inputs,
    refuse_changes,
    refuse_outdated_params,
)
from lienet.errors import InputError
from lienet.files import write_json
from lienet.fingerprint import Fingerprints
from lienet.params import load_params
from lienet.params.resolved import list_entries, resolve
from lienet.plugins import list_plugins
from lienet.workspace import Workspace
from tests.fresh_workspace import make_workspace


@pytest.fixture
def workspace(repository: Path, tmp_path: Path) -> Workspace:
    made = make_workspace(repository, tmp_path / "clone")
    (made.root / "dvc.yaml").write_bytes((repository / "dvc.yaml").read_bytes())
    for name in ("data/shards/sr/train/index.json", "data/code/train.json"):
        (made.root / name).parent.mkdir(parents=True)
        (made.root / name).write_text("{}")
    return made


def write_params(workspace: Workspace, **changes: object) -> None:
    """Change values by dotted key, "__" for the dot."""
    params = yaml.safe_load(workspace.params_path.read_text())
    for key, value in changes.items():
        *parents, last = key.split("__")
        section = params
        for name in parents:
            section = section[name]
        section[last] = value
    workspace.params_path.write_text(yaml.safe_dump(params))


def write_resolved(workspace: Workspace, stage: str, item: str) -> None:
    """Write the file that the stage code writes for an entry."""
    params = load_params(workspace.params_path)
    write_json(workspace.resolved_path(stage, item), resolve(params, stage, item))


def test_an_item_reads_its_resolved_params_and_the_files_of_its_declaration(workspace: Workspace):
    inputs = read_inputs(workspace, "train", "face-lienet")
    assert inputs.params["train.steps"] == 150  # by its override
    assert set(inputs.files) == {"data/code/train.json"}
    write_resolved(workspace, "train", "sr-lienet")
    assert set(read_inputs(workspace, "train", "sr-lienet").files) == {
        "data/code/train.json",
        "data/params/train/sr-lienet.json",
        "data/shards/sr/train/index.json",
    }
    assert set(read_inputs(workspace, "report", "report").files) == {
        "data/shards/sr/train/index.json"
    }


def test_every_entry_of_the_pipeline_is_declared(workspace: Workspace):
    for stage, item in list_entries(load_params(workspace.params_path)):
        write_resolved(workspace, stage, item)
        path = f"data/params/{stage}/{item}.json"
        assert path in read_inputs(workspace, stage, item).files


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"seed": 2}, "seed"),
        ({"train__steps": 6, "train__ema_decay": 0.5}, "train.ema_decay, train.steps"),
        ({"models__sr-lienet__channels": 8}, "models.sr-lienet.channels"),
    ],
)
def test_params_that_change_are_named(workspace: Workspace, changes: dict[str, object], named: str):
    before = read_inputs(workspace, "train", "sr-lienet")
    write_params(workspace, **changes)
    with pytest.raises(InputError, match=f"has changed while it ran, got .*{named}"):
        refuse_changes(before, read_inputs(workspace, "train", "sr-lienet"), [], "train")


def test_by_dvc_no_stage_runs_with_params_that_dvc_will_not_note(workspace: Workspace):
    write_resolved(workspace, "train", "sr-lienet")
    write_params(workspace, report__figure_crop_px=16)
    inputs = read_inputs(workspace, "train", "sr-lienet")
    refuse_outdated_params(workspace, inputs, "train", "sr-lienet")
    write_params(workspace, train__steps=6)
    inputs = read_inputs(workspace, "train", "sr-lienet")
    with pytest.raises(InputError, match=r"for train sr-lienet, got train\.steps; run dvc repro"):
        refuse_outdated_params(workspace, inputs, "train", "sr-lienet")


def test_params_of_other_stages_may_change(workspace: Workspace):
    before = read_inputs(workspace, "train", "sr-lienet")
    write_params(workspace, report__figure_crop_px=16, train__overrides__face__steps=9)
    refuse_changes(before, read_inputs(workspace, "train", "sr-lienet"), [], "train")


def test_an_input_that_changes_is_named(workspace: Workspace):
    before = read_inputs(workspace, "train", "sr-lienet")
    (workspace.root / "data/shards/sr/train/index.json").write_text('{"shards": []}')
    with pytest.raises(InputError, match=r"data/shards/sr/train/index\.json"):
        refuse_changes(before, read_inputs(workspace, "train", "sr-lienet"), [], "train")


def test_code_that_changes_is_named(workspace: Workspace):
    found = asdict(Fingerprints(extra=list_plugins()).of_stage("train"))
    path = workspace.code_dir / "train.json"
    path.write_text(json.dumps(found))
    assert find_code_changes(workspace, "train", since=time.time() + 60) == []
    assert find_code_changes(workspace, "train", since=0) == []
    found["modules"]["lienet.errors"] = "another"
    path.write_text(json.dumps(found))
    assert find_code_changes(workspace, "train", since=0) == ["lienet.errors"]


def test_a_stage_whose_params_are_edited_meanwhile_fails_in_one_line(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
):
    def edit(*_: object) -> None:
        text = workspace.params_path.read_text()
        workspace.params_path.write_text(text.replace("opset: 18", "opset: 19"))

    monkeypatch.setattr("lienet.stages.export.run", edit)
    monkeypatch.chdir(workspace.root)
    result = CliRunner().invoke(app, ["export", "sr-lienet"])
    assert isinstance(result.exception, InputError)
    assert "has changed while it ran, got export.opset; run it again" in str(result.exception)
