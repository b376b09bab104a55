"""A model whose stages have written their facts, and an empty store beside."""

from __future__ import annotations

from pathlib import Path

import pytest

from lienet.params import Params
from lienet.workspace import Workspace
from tests.tracking.stores import make_workspace
from tests.tracking.written import load_sample, write_all


@pytest.fixture(scope="session")
def params(repository: Path) -> Params:
    """The params of the profile sample."""
    return load_sample(repository)


@pytest.fixture
def workspace(tmp_path: Path, empty_store: Path) -> Workspace:
    """Trained, exported and evaluated; nothing of it is in the store."""
    made = make_workspace(tmp_path, empty_store)
    write_all(made)
    return made
