"""A queued experiment runs the package of its own copy, whatever package is installed."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.small_clone import Clone, make_tiny_clone, stages_run


@pytest.fixture
def spoilt(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder on Python's path with a package lienet that cannot be imported."""
    package = tmp_path / "installed" / "lienet"
    package.mkdir(parents=True)
    (package / "__init__.py").write_text("raise ImportError('the live code ran')\n")
    return package.parent


def test_an_experiment_beside_the_workspace_runs_its_copy(
    repository: Path, tmp_path: Path, spoilt: Path
):
    clone: Clone = make_tiny_clone(repository, tmp_path)
    with pytest.raises(AssertionError, match="the live code ran"):
        run_with(clone, spoilt, "lienet", "code")
    words = ("exp", "run", "--temp", "--name", "beside", "-S", "report.figure_crop_px=48", "code")
    output = run_with(clone, spoilt, "dvc", *words)
    assert stages_run(output) == {"code"}
    resolved = run_with(clone, spoilt, "dvc", "exp", "show", "--json")
    assert '"figure_crop_px": 48' in resolved


def run_with(clone: Clone, python_path: Path, *command: str) -> str:
    """Run a command as the clone does, with another folder on Python's path."""
    return clone.run("env", f"PYTHONPATH={python_path}", *command)
