"""The command line: it shows every verb, and an expected error is one line and exit code 1."""

from __future__ import annotations

import os
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from lienet.cli import app
from lienet.images import encode_png
from tests.fresh_workspace import make_workspace

VERBS = ("code", "download", "filter", "synthesize", "train", "export")
VERBS += ("evaluate", "time", "report")
TOOLS = ("inspect", "degrade", "observe", "score", "models", "profile")
TOOLS += ("promote", "rollback", "compare")
runner = CliRunner()


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
        (
            ("profile", "use", "nothing"),
            "lienet: the profiles are ablation, bench, clean, mixed, paper, release, sample",
        ),
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


def test_a_model_is_drawn_into_a_file_of_its_name_or_the_one_that_is_said(
    clone: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.chdir(clone)
    assert runner.invoke(app, ["models", "--draw", "sr-lienet"]).exit_code == 0
    text = (clone / "sr-lienet.svg").read_text(encoding="utf-8")
    assert text.startswith("<svg ")
    named = runner.invoke(app, ["models", "--draw", "sr-lienet", "-o", "pictures/lienet.svg"])
    assert (named.exit_code, named.stdout) == (0, "")
    assert (clone / "pictures" / "lienet.svg").read_text(encoding="utf-8") == text


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


def test_the_version_is_that_of_the_package(tmp_path: Path):
    done = run_lienet("--version", folder=tmp_path)
    assert (done.returncode, done.stdout) == (0, f"lienet {version('lienet')}\n")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full on this system")
def test_an_output_that_cannot_be_written_is_one_line(clone: Path):
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run(
            [sys.executable, "-m", "lienet", "models", "--json"],
            cwd=clone,
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
        )
    assert done.returncode == 1
    assert done.stderr == "lienet: cannot write the output: No space left on device; make room\n"


def test_a_name_that_is_no_text_is_printed_all_the_same(tmp_path: Path):
    name = os.fsdecode(b"caf\xe9.png")
    (tmp_path / name).write_bytes(encode_png(np.zeros((40, 40, 3), np.uint8)))
    done = subprocess.run(
        [sys.executable, "-m", "lienet", "score", tmp_path, tmp_path, "--no-vmaf"],
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONIOENCODING": "utf-8:strict", "COLUMNS": "120"},
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert "caf\\udce9.png" in done.stdout
