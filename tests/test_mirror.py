"""The tests of what has changed are found by their place."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from tests.mirror import list_changed, list_tests, mirror_of


@pytest.mark.parametrize(
    ("source", "test"),
    [
        ("lienet/files.py", "tests/test_files.py"),
        ("lienet/networks/plain.py", "tests/networks/test_plain.py"),
        ("flows/dvc.py", "tests/flows/test_dvc.py"),
        ("flows/guard.py", "tests/flows/test_commands.py"),
        ("bench/scenes.py", "tests/bench/test_scenes.py"),
    ],
)
def test_a_source_has_its_test_at_the_mirrored_path(source: str, test: str):
    assert mirror_of(source) == test


def test_tests_of_changed_files_are_named_once_and_only_where_they_are():
    changed = ["lienet/files.py", "tests/test_files.py", "tests/browser.py", "README.md", "gone.py"]
    assert list_tests(changed) == ["tests/architecture", "tests/test_files.py"]


def test_what_differs_from_the_last_commit_comes_before_what_it_changed(tmp_path: Path):
    def git(*words: str) -> None:
        subprocess.run(
            ["git", "-c", "user.name=a", "-c", "user.email=a@example.org", *words],
            cwd=tmp_path,
            check=True,
        )

    git("init", "--quiet")
    (tmp_path / "ä b.py").write_text("1")
    git("add", ".")
    git("commit", "--quiet", "--message", "one")
    assert list_changed(tmp_path) == ["ä b.py"]
    (tmp_path / "new.py").write_text("1")
    assert list_changed(tmp_path) == ["new.py"]
