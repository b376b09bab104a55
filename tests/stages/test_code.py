"""Stage code: a file for each stage, the same bytes each time, and the reasons of a change."""

from __future__ import annotations

import json
import logging
from pathlib import Path

import pytest
import yaml

from lienet.params import Params, load_params
from lienet.stages import code
from lienet.workspace import Workspace
from tests.fresh_workspace import make_workspace
from tests.small_clone import Clone, copy_project, stages_run

STAGES = ("download", "evaluate", "export", "filter", "report", "synthesize", "time", "train")


@pytest.fixture
def workspace(repository: Path, tmp_path: Path) -> Workspace:
    return make_workspace(repository, tmp_path / "clone")


@pytest.fixture
def params(workspace: Workspace) -> Params:
    return load_params(workspace.params_path)


def run(params: Params, workspace: Workspace) -> dict[str, bytes]:
    """Run the stage; return the files that it wrote."""
    code.run(params, workspace, "code")
    return {path.stem: path.read_bytes() for path in sorted(workspace.code_dir.iterdir())}


def test_each_stage_has_its_fingerprint_and_a_second_run_writes_the_same(
    params: Params, workspace: Workspace, caplog: pytest.LogCaptureFixture
):
    caplog.set_level(logging.INFO, "lienet.stages.code")
    written = run(params, workspace)
    assert tuple(written) == STAGES
    assert "lienet.training.loop" in json.loads(written["train"])["modules"]
    assert run(params, workspace) == written
    assert caplog.messages == []


def test_it_says_what_made_a_stage_stale(
    params: Params, workspace: Workspace, caplog: pytest.LogCaptureFixture
):
    caplog.set_level(logging.INFO, "lienet.stages.code")
    written = run(params, workspace)
    former = json.loads(written["export"])
    former["modules"]["lienet.deployment.onnx"] = "0"
    former["packages"]["onnx"] = "1.0"
    (workspace.code_dir / "export.json").write_text(json.dumps(former))
    (workspace.code_dir / "train.json").write_text("{}")
    (workspace.code_dir / "gone.json").write_text("{}")
    assert run(params, workspace) == written
    (message,) = caplog.messages
    assert message.startswith("export is stale: lienet.deployment.onnx, onnx 1.0 -> ")


def test_each_entry_has_its_resolved_params_and_what_changed_is_told(
    params: Params, workspace: Workspace, caplog: pytest.LogCaptureFixture
):
    caplog.set_level(logging.INFO, "lienet.stages.code")
    run(params, workspace)
    read = {
        item: json.loads(workspace.resolved_path("train", item).read_bytes())["train"]["steps"]
        for item in ("sr-lienet", "face-lienet")
    }
    assert read == {"sr-lienet": 200, "face-lienet": 150}
    storage = params.storage.model_copy(update={"options": {"key": "a secret"}})
    train = params.train.model_copy(update={"steps": 500})
    run(params.model_copy(update={"train": train, "storage": storage}), workspace)
    told = "\n".join(caplog.messages)
    assert "train sr-lienet is stale: train.steps 200 -> 500" in told
    assert "train face-lienet" not in told
    assert "synthesize sr is stale: storage.options, storage.options.key" in told
    assert "a secret" not in told


def test_a_plugin_has_a_file_of_its_own_that_a_comment_does_not_change(
    params: Params, workspace: Workspace
):
    plugin = workspace.root / "parts" / "mine.py"
    plugin.parent.mkdir()
    params = params.model_copy(update={"plugins": ("parts/mine.py",)})
    assert code.list_items(params) == ["code", "parts/mine.py"]
    written = set()
    for content in ("X = 1\n", "X = 1  # a comment\n", "X = 2\n"):
        plugin.write_text(content)
        code.run(params, workspace, "parts/mine.py")
        written.add((workspace.root / "data/plugins/parts/mine.py.json").read_bytes())
    assert len(written) == 2


def test_a_changed_plugin_makes_every_stage_stale_by_dvc(repository: Path, tmp_path: Path):
    clone = Clone(tmp_path / "a clone")
    copy_project(repository, clone.root)
    (clone.root / "dvc.lock").unlink()
    plugin = clone.root / "some_parts.py"
    plugin.write_text("X = 1\n")
    params = yaml.safe_load((clone.root / "profiles/sample.yaml").read_text())
    params_text = yaml.safe_dump(params | {"plugins": ["some_parts.py"]})
    (clone.root / "params.yaml").write_text(params_text)
    clone.run("git", "init", "--quiet")
    assert stages_run(clone.run("dvc", "repro", "code")) == {"code", "code_plugins@some_parts.py"}
    assert stages_run(clone.run("dvc", "repro", "code")) == set()
    plugin.write_text("X = 1  # a comment\n")
    assert stages_run(clone.run("dvc", "repro", "code")) == {"code_plugins@some_parts.py"}
    plugin.write_text("X = 2\n")
    output = clone.run("dvc", "repro", "code")
    for stage in STAGES:
        assert f"{stage} is stale: some_parts.py\n" in output
