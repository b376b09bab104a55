"""A workspace as a clone begins: params and profiles, and nothing made yet."""

from __future__ import annotations

import shutil
from pathlib import Path

from lienet.workspace import Workspace


def make_workspace(repository: Path, root: Path) -> Workspace:
    """Make a workspace with the project's profiles, the sample one in use."""
    shutil.copytree(repository / "profiles", root / "profiles")
    shutil.copyfile(root / "profiles" / "sample.yaml", root / "params.yaml")
    return Workspace(root)
