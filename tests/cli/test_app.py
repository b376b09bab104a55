"""The command line: it shows every verb, and an expected error is one line and exit code 1."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from lienet.cli import app
from tests.fresh_workspace import make_workspace

VERBS = ("code", "download", "filter", "synthesize", "train", "export", "evaluate", "report")
TOOLS = ("inspect", "degrade", "observe", "score", "models", "profile")
TOOLS += ("promote", "rollback", "compare")


def run_lienet(*arguments: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """Run ``lienet`` as a user does, in a process of its own."""
    return subprocess.run(
        [sys.executable, "-m", "lienet", *arguments],
        cwd=folder,
        capture_output=True,
        text=True,
        env={**os.environ, "COLUMNS": "120"},
    )


@pytest.fixture
def clone(repository: Path, tmp_path: Path) -> Path:
    """A folder with params and profiles, and nothing made yet; its name holds a space."""
    return make_workspace(repository, tmp_path / "a clone").root


@pytest.mark.parametrize("verb", [*VERBS, *TOOLS])
def test_help_shows_every_verb_and_each_has_help_of_its_own(verb: str):
    runner = CliRunner()
    assert verb in runner.invoke(app, ["--help"]).stdout
    own = runner.invoke(app, [verb, "--help"])
    assert own.exit_code == 0
    assert len(own.stdout) > 100


def test_without_arguments_the_help_is_shown(tmp_path: Path):
    assert "Commands" in run_lienet(folder=tmp_path).stdout


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            ("download", "flickr"),
            "lienet: download has the items sample, portrait, vgg19, got flickr",
        ),
        (
            ("synthesize", "dust"),
            "lienet: synthesize has the items sr, face, old_photo, got dust; see params.yaml",
        ),
        (("profile", "use", "bench"), "lienet: profile bench needs the folder"),
        (("profile", "use", "nothing"), "lienet: the profiles are ablation, bench, paper, sample"),
    ],
)
def test_an_expected_error_is_one_line(clone: Path, arguments: tuple[str, ...], message: str):
    ran = run_lienet(*arguments, folder=clone)
    assert ran.returncode == 1
    assert ran.stderr.startswith(message)
    assert ran.stderr.count("\n") == 1
    assert ran.stdout == ""


def test_a_wrong_params_file_stops_every_stage_before_any_work(clone: Path):
    text = (clone / "params.yaml").read_text()
    (clone / "params.yaml").write_text(text.replace("patch_px: 32", "patch_px: 100"))
    ran = run_lienet("download", folder=clone)
    assert ran.returncode == 1
    assert ran.stderr == (
        "lienet: train: train.patch_px must be a multiple of 8, got 100; edit params.yaml\n"
    )
    assert sorted(path.name for path in clone.iterdir()) == ["params.yaml", "profiles"]


def test_outside_a_clone_one_line_says_so(tmp_path: Path):
    ran = run_lienet("download", folder=tmp_path)
    assert ran.returncode == 1
    assert ran.stderr.startswith("lienet: no params.yaml in ")


def test_profiles_are_listed_and_the_one_in_use_is_marked(clone: Path):
    ran = run_lienet("profile", "list", folder=clone)
    assert ran.returncode == 0
    marked = [line for line in ran.stdout.splitlines() if line.startswith("*")]
    assert len(marked) == 1
    assert marked[0].startswith("* sample ")
    assert "bench" in ran.stdout
    assert "(needs --data DIR)" in ran.stdout


def test_an_edited_params_file_is_in_no_profile(clone: Path):
    with (clone / "params.yaml").open("a") as stream:
        stream.write("extra: 1\n")
    assert "in no profile" in run_lienet("profile", "list", folder=clone).stdout
    refused = run_lienet("profile", "use", "sample", folder=clone)
    assert refused.returncode == 1
    assert "give --force" in refused.stderr
    forced = run_lienet("profile", "use", "sample", "--force", folder=clone)
    assert "the former params.yaml is kept as params.yaml.bak" in forced.stdout
    assert "extra" not in (clone / "params.yaml").read_text()
