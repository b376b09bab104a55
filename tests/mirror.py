"""Which test file belongs to which source: the tests' tree mirrors the sources'.

``python -m tests.mirror`` prints the test files of what differs from the last commit, or, where
nothing does, of what that commit changed: what is worth running between two edits.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
ARCHITECTURE = "tests/architecture"
ELSEWHERE = {
    "lienet/__init__.py": "tests/test_api.py",
    "lienet/__main__.py": "tests/cli/test_app.py",
    "lienet/cli/profiles.py": "tests/cli/test_app.py",
    "lienet/cli/stages.py": "tests/cli/test_app.py",
    "lienet/params/whole.py": "tests/params/test_active.py",
    "flows/dvc_process.py": "tests/flows/test_dvc.py",
    "flows/guard.py": "tests/flows/test_commands.py",
    "flows/orphans.py": "tests/flows/test_worker.py",
    "flows/prefect_app.py": "tests/flows/test_server.py",
    "flows/run.py": "tests/flows/test_pipeline.py",
    "flows/session.py": "tests/flows/test_pipeline.py",
}
"""The sources that another file tests."""


def mirror_of(source: str) -> str:
    """Return the test file at the mirrored path of a Python file, or the one that stands for it.

    Args:
        source: path of the source from the repository's root.
    """
    first, *inside = Path(source).parts
    room = inside if first == "lienet" else [first, *inside]
    return ELSEWHERE.get(source, str(Path("tests", *room[:-1], f"test_{room[-1]}")))


def list_tests(changed: Iterable[str], root: Path = ROOT) -> list[str]:
    """Return the test files of changed files, and the folder of the architecture's rules."""
    names = [name for name in changed if name.endswith(".py")]
    tests = {name if Path(name).name.startswith("test_") else mirror_of(name) for name in names}
    there = {name for name in tests if (root / name).is_file()}
    return [ARCHITECTURE, *sorted(name for name in there if not name.startswith(ARCHITECTURE))]


def list_changed(root: Path = ROOT) -> list[str]:
    """Return the files that differ from the last commit, or else those that it changed."""
    new = _git(root, "ls-files", "--others", "--exclude-standard")
    return _git(root, "diff", "--name-only", "HEAD") + new or _git(
        root, "diff-tree", "--no-commit-id", "--name-only", "-r", "--root", "HEAD"
    )


def _git(root: Path, *words: str) -> list[str]:
    command = ["git", "-c", "core.quotePath=false", *words]
    ran = subprocess.run(command, cwd=root, check=True, capture_output=True, text=True)
    return ran.stdout.splitlines()


if __name__ == "__main__":
    sys.stdout.write("\n".join(list_tests(list_changed())) + "\n")
