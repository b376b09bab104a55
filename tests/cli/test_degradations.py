"""The verbs of degradations: a task is degraded by its name, and an unknown one is one line."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import yaml
from typer.testing import CliRunner

from lienet.cli import app
from lienet.errors import InputError
from lienet.images import decode_image, encode_png
from tests.fresh_workspace import make_workspace

PHOTO = np.random.default_rng(0).integers(0, 256, (96, 64, 3), dtype=np.uint8)


@pytest.fixture
def clone(repository: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A clone with a further task, in which a photograph lies."""
    workspace = make_workspace(repository, tmp_path / "clone")
    content = yaml.safe_load(workspace.params_path.read_text())
    tasks = content["synthesize"]["tasks"]
    tasks["sr_clean"] = {**tasks["sr"], "scales": [2], "jpeg_quality": None, "jpeg_chroma": None}
    content["train"]["overrides"]["sr_clean"] = {}
    workspace.params_path.write_text(yaml.safe_dump(content))
    (workspace.root / "photo.png").write_bytes(encode_png(PHOTO))
    monkeypatch.chdir(workspace.root)
    return workspace.root


def test_a_task_of_any_name_is_degraded_as_its_params_say(clone: Path):
    ran = CliRunner().invoke(app, ["degrade", "photo.png", "--task", "sr_clean", "-o", "small.png"])
    assert ran.exit_code == 0, ran.output
    assert decode_image((clone / "small.png").read_bytes()).shape == (48, 32, 3)


def test_an_unknown_task_is_refused_with_those_there_are(clone: Path):
    ran = CliRunner().invoke(app, ["degrade", "photo.png", "--task", "rain", "-o", "out.png"])
    assert isinstance(ran.exception, InputError)
    assert "face, old_photo, sr, sr_clean, got rain" in str(ran.exception)


def test_a_photograph_is_not_replaced_by_its_degraded_self(clone: Path):
    (clone / "link.png").symlink_to("photo.png")
    for output in ("photo.png", "./photo.png", "link.png"):
        ran = CliRunner().invoke(app, ["degrade", "photo.png", "-o", output])
        assert isinstance(ran.exception, InputError)
        assert "would replace the photograph" in str(ran.exception)
    assert np.array_equal(decode_image((clone / "photo.png").read_bytes()), PHOTO)


def test_old_photographs_are_observed(clone: Path):
    (clone / "old").mkdir()
    (clone / "old/scan.png").write_bytes(encode_png(PHOTO))
    ran = CliRunner().invoke(app, ["observe", "old", "--json"])
    assert ran.exit_code == 0, ran.output
    assert '"old_photo"' in ran.output
