"""The workspace that tests of the report share; built once, never written to."""

from __future__ import annotations

from pathlib import Path

import pytest

from lienet.params import Params
from lienet.report.evaluations import PerImage, read_evaluations, read_per_image
from lienet.report.pictures import load_comparisons
from lienet.report.tables import Group, group_rows
from lienet.workspace import Workspace
from tests.report import evaluated, restored


@pytest.fixture(scope="session")
def params(repository: Path) -> Params:
    return evaluated.make_params(repository)


@pytest.fixture(scope="session")
def workspace(params: Params, tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    return evaluated.make_workspace(tmp_path_factory.mktemp("evaluated"), params)


@pytest.fixture(scope="session")
def groups(params: Params, workspace: Workspace) -> list[Group]:
    return group_rows(params, read_evaluations(params, workspace))


@pytest.fixture(scope="session")
def per_image(params: Params, workspace: Workspace) -> PerImage:
    return read_per_image(workspace, read_evaluations(params, workspace))


@pytest.fixture(scope="session")
def other_params(repository: Path) -> Params:
    """Params of the tasks face and old_photo alone."""
    return restored.make_params(repository)


@pytest.fixture(scope="session")
def other_workspace(other_params: Params, tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    """What evaluate leaves of the tasks face and old_photo; never written to."""
    return restored.make_workspace(tmp_path_factory.mktemp("restored"), other_params)


@pytest.fixture(scope="session")
def other_groups(other_params: Params, other_workspace: Workspace) -> list[Group]:
    return group_rows(other_params, read_evaluations(other_params, other_workspace))


@pytest.fixture(scope="session")
def other_comparisons(other_params, other_workspace, other_groups):
    """The photographs of both tasks."""
    per_image = read_per_image(other_workspace, read_evaluations(other_params, other_workspace))
    groups = [group.without_ablations for group in other_groups]
    return load_comparisons(other_params, other_workspace, groups, per_image)
