from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from lienet.tracking.provenance import describe_code, describe_data

LOCK = """
schema: '2.0'
stages:
  synthesize@sr:
    cmd: lienet synthesize sr
    outs:
    - {path: data/shards/sr/train, hash: md5, md5: 0a1b.dir, size: 1, nfiles: 2}
    - {path: data/shards/sr/test, hash: md5, md5: 0c2d.dir, size: 1, nfiles: 2}
    - {path: data/shards/face/test, hash: md5, md5: 0e3f.dir, size: 1, nfiles: 2}
  train@sr-lienet:
    cmd: lienet train sr-lienet
    deps:
    - {path: data/shards/sr/valid, hash: md5, md5: ffff.dir}
"""


def test_the_data_are_tagged_with_the_hashes_of_their_own_task(tmp_path: Path):
    (tmp_path / "dvc.lock").write_text(LOCK)
    assert describe_data(tmp_path / "dvc.lock", "sr") == {
        "lienet.data.train": "0a1b.dir",
        "lienet.data.test": "0c2d.dir",
    }


@pytest.mark.parametrize("content", ["", "just text", "{", "stages: {}", "stages:", None])
def test_a_lock_that_says_nothing_gives_no_tags(tmp_path: Path, content: str | None):
    if content is not None:
        (tmp_path / "dvc.lock").write_text(content)
    assert describe_data(tmp_path / "dvc.lock", "sr") == {}


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
