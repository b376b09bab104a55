"""Stage code: a file for each stage, the same bytes each time, and the reasons of a change."""

from __future__ import annotations

import json
import logging
from pathlib import Path

import pytest

from lienet.params import Params, load_params
from lienet.stages import code
from lienet.workspace import Workspace
from tests.fresh_workspace import make_workspace

STAGES = ("download", "evaluate", "export", "filter", "report", "synthesize", "train")


@pytest.fixture
def workspace(repository: Path, tmp_path: Path) -> Workspace:
    return make_workspace(repository, tmp_path / "clone")


@pytest.fixture
def params(workspace: Workspace) -> Params:
    return load_params(workspace.params_path)


def run(params: Params, workspace: Workspace) -> dict[str, bytes]:
    """Run the stage; return the files that it wrote."""
    code.run(params, workspace, *code.list_items(params))
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
