"""A run's own params are checked before anything is touched, and leave params.yaml as it was."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from flows.active_params import choose_params, restore_params, using_params
from lienet.errors import InputError, ParamsError
from lienet.params import load_params
from lienet.workspace import Workspace
from tests.fresh_workspace import make_workspace


@pytest.fixture
def workspace(tmp_path: Path, repository: Path) -> Workspace:
    """A folder with params and profiles."""
    return make_workspace(repository, tmp_path)


def test_without_profile_and_overrides_params_stay(workspace: Workspace):
    assert choose_params(workspace, None, {}) is None


def test_overrides_change_what_they_name(workspace: Workspace):
    text = choose_params(workspace, None, {"train.steps": 7, "models.sr-lienet.num_blocks": 2})
    assert text is not None
    before = yaml.safe_load(workspace.params_path.read_text())
    before["train"]["steps"] = 7
    before["models"]["sr-lienet"]["num_blocks"] = 2
    assert yaml.safe_load(text) == before


def test_data_placeholder_is_filled_from_the_environment(
    workspace: Workspace, monkeypatch, tmp_path: Path
):
    with pytest.raises(InputError, match="a flow takes LIENET_DATA_DIR as --data"):
        choose_params(workspace, "bench", {})
    bench = (workspace.profiles_dir / "bench.yaml").read_text()
    for name in re.findall(r'"\{data\}/([^"]+)"', bench):
        (tmp_path / "photographs" / name).mkdir(parents=True, exist_ok=True)
    monkeypatch.setenv("LIENET_DATA_DIR", str(tmp_path / "photographs"))
    text = choose_params(workspace, "bench", {"train.steps": 7})
    assert text is not None
    assert "{data}" not in text
    assert str(tmp_path / "photographs") in text
    assert yaml.safe_load(text)["profile"] == "bench"


@pytest.mark.parametrize("name", ["none", "../params", "sample.yaml", "", "sample\n", "/etc/x"])
def test_an_unknown_profile_is_an_error(workspace: Workspace, name: str):
    with pytest.raises(InputError, match="profile must be one of ablation, bench"):
        choose_params(workspace, name, {})


@pytest.mark.parametrize(
    ("key", "value", "message"),
    [
        ("train.stepz", 7, "overrides.train.stepz is no key of the params"),
        ("train.steps.x", 7, "overrides.train.steps.x is no key of the params"),
        ("train.steps; rm -rf .", 7, "overrides must be named by dotted keys"),
        ("", 7, "overrides must be named by dotted keys"),
        ("storage.url", "s3://elsewhere/x", "is for the machine that runs the flow"),
        ("cluster.address", "tcp://elsewhere:8786", "is for the machine that runs the flow"),
        ("promote.min_images", 1, "is for the machine that runs the flow"),
        ("flows.cpu_slots", 99, "is for the machine that runs the flow"),
        ("filter.face.model", "/etc/passwd", "may not lead out of the workspace"),
        ("filter.face.model", "../x.onnx", "may not lead out of the workspace"),
        ("filter.face.model", "a/../../x.onnx", "may not lead out of the workspace"),
        ("filter.face.model", "~/x.onnx", "may not lead out of the workspace"),
        ("filter.face.model", "link/x.onnx", "may not lead out of the workspace"),
        ("filter.face.model", "http://elsewhere/x", "may not lead out of the workspace"),
        ("filter.face", {"model": "/etc/x", "min_score": 0.5}, "may not lead out"),
    ],
)
def test_unsafe_or_unknown_overrides_are_errors(
    workspace: Workspace, key: str, value: Any, message: str
):
    (workspace.root / "link").symlink_to(workspace.root.parent)
    with pytest.raises(InputError, match=message):
        choose_params(workspace, None, {key: value})


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("train.steps", "many"),
        ("train.patch_px", -8),
        ("download.sources", {"a; touch pwned": {"kind": "sample"}}),
        ("models.sr-lienet.name", "x$(touch pwned)"),
    ],
)
def test_overridden_params_are_validated_as_a_whole(workspace: Workspace, key: str, value: Any):
    with pytest.raises(ParamsError):
        choose_params(workspace, None, {key: value})


def test_params_are_restored_after_the_run(workspace: Workspace):
    before = workspace.params_path.read_bytes()
    text = choose_params(workspace, "sample", {"train.steps": 7})
    with using_params(workspace, text):
        assert load_params(workspace.params_path).train.steps == 7
    assert workspace.params_path.read_bytes() == before
    assert not restore_params(workspace)


def test_params_of_a_killed_run_are_restored_by_the_next(workspace: Workspace):
    before = workspace.params_path.read_bytes()
    killed = using_params(workspace, choose_params(workspace, None, {"train.steps": 7}))
    killed.__enter__()  # and never leaves
    with using_params(workspace, None):
        assert workspace.params_path.read_bytes() == before


def test_an_edit_made_during_the_run_is_kept(workspace: Workspace):
    edited = workspace.params_path.read_text().replace("steps: 400", "steps: 9")
    with using_params(workspace, choose_params(workspace, None, {"train.steps": 7})):
        workspace.params_path.write_text(edited)
    assert workspace.params_path.read_text() == edited
