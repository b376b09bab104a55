"""A run's own params are checked before anything is touched, and leave params.yaml as it was."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from flows.active_params import choose_params, restore_params, using_params
from lienet.errors import InputError, ParamsError
from lienet.params import load_params
from tests.fresh_workspace import make_workspace


@pytest.fixture
def root(tmp_path: Path, repository: Path) -> Path:
    """A folder with params and profiles."""
    return make_workspace(repository, tmp_path).root


def test_no_choice_leaves_the_file_alone(root: Path):
    assert choose_params(root, None, {}) is None


def test_overrides_change_what_they_name(root: Path):
    text = choose_params(root, None, {"train.steps": 7, "models.sr-lienet.num_blocks": 2})
    assert text is not None
    before = yaml.safe_load((root / "params.yaml").read_text())
    before["train"]["steps"] = 7
    before["models"]["sr-lienet"]["num_blocks"] = 2
    assert yaml.safe_load(text) == before


def test_a_profile_is_filled_from_the_machine_s_folder(root: Path, monkeypatch, tmp_path: Path):
    with pytest.raises(InputError, match="set LIENET_DATA_DIR"):
        choose_params(root, "bench", {})
    monkeypatch.setenv("LIENET_DATA_DIR", str(tmp_path))
    text = choose_params(root, "bench", {"train.steps": 7})
    assert text is not None
    assert "{data}" not in text
    assert str(tmp_path) in text
    assert yaml.safe_load(text)["profile"] == "bench"


@pytest.mark.parametrize("name", ["none", "../params", "sample.yaml", "", "sample\n", "/etc/x"])
def test_a_profile_is_a_name_and_no_path(root: Path, name: str):
    with pytest.raises(InputError, match="profile must be one of ablation, bench"):
        choose_params(root, name, {})


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
def test_overrides_lead_neither_elsewhere_nor_to_a_shell(
    root: Path, key: str, value: Any, message: str
):
    (root / "link").symlink_to(root.parent)
    with pytest.raises(InputError, match=message):
        choose_params(root, None, {key: value})


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("train.steps", "many"),
        ("train.patch_px", -8),
        ("download.sources", {"a; touch pwned": {"kind": "sample"}}),
        ("models.sr-lienet.name", "x$(touch pwned)"),
    ],
)
def test_the_whole_is_validated_as_any_params_are(root: Path, key: str, value: Any):
    with pytest.raises(ParamsError):
        choose_params(root, None, {key: value})


def test_params_are_put_back(root: Path):
    before = (root / "params.yaml").read_bytes()
    text = choose_params(root, "sample", {"train.steps": 7})
    with using_params(root, text):
        assert load_params(root / "params.yaml").train.steps == 7
    assert (root / "params.yaml").read_bytes() == before
    assert not restore_params(root)


def test_the_next_run_puts_back_what_a_killed_one_left(root: Path):
    before = (root / "params.yaml").read_bytes()
    killed = using_params(root, choose_params(root, None, {"train.steps": 7}))
    killed.__enter__()  # and never leaves
    with using_params(root, None):
        assert (root / "params.yaml").read_bytes() == before


def test_an_edit_made_meanwhile_is_kept(root: Path):
    edited = (root / "params.yaml").read_text().replace("steps: 400", "steps: 9")
    with using_params(root, choose_params(root, None, {"train.steps": 7})):
        (root / "params.yaml").write_text(edited)
    assert (root / "params.yaml").read_text() == edited
