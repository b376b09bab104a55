from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from lienet.tracking.provenance import describe_code


@pytest.mark.skipif(shutil.which("git") is None, reason="git is not installed")
def test_the_commit_is_tagged_and_only_code_and_params_make_it_dirty(tmp_path: Path):
    def git(*words: str) -> str:
        command = ["git", "-c", "user.name=a", "-c", "user.email=a@b", *words]
        return subprocess.run(
            command, cwd=tmp_path, capture_output=True, text=True, check=True
        ).stdout.strip()

    (tmp_path / "params.yaml").write_text("seed: 1\n")
    git("init", "-q")
    assert describe_code(tmp_path) == {}
    git("add", ".")
    git("commit", "-q", "-m", "one")
    commit = git("rev-parse", "HEAD")
    (tmp_path / "dvc.lock").write_text("")
    clean = describe_code(tmp_path)
    (tmp_path / "params.yaml").write_text("seed: 2\n")
    dirty = describe_code(tmp_path)
    assert clean["mlflow.source.git.commit"] == clean["lienet.git_commit"] == commit
    assert (clean["lienet.git_dirty"], dirty["lienet.git_dirty"]) == ("false", "true")


def test_a_machine_without_git_gives_no_tags(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    assert describe_code(tmp_path) == {}
