"""Stage plugins: each file that params name has a copy where DVC sees it."""

from __future__ import annotations

from pathlib import Path

import yaml

from lienet.params import load_params
from lienet.stages import plugins
from lienet.workspace import Workspace
from tests.fresh_workspace import make_workspace


def make_plugin(workspace: Workspace) -> str:
    """Write a plugin of a name of its own, and name it in params."""
    item = f"parts/plugin_{abs(hash(workspace.root))}.py"
    (workspace.root / "parts").mkdir()
    (workspace.root / item).write_text("NUMBER = 1\n")
    content = yaml.safe_load(workspace.params_path.read_text()) | {"plugins": [item]}
    workspace.params_path.write_text(yaml.safe_dump(content))
    return item


def test_a_plugin_is_copied_where_dvc_sees_it(repository: Path, tmp_path: Path):
    workspace = make_workspace(repository, tmp_path / "clone")
    item = make_plugin(workspace)
    params = load_params(workspace.params_path)
    assert plugins.list_items(params) == [item]
    plugins.run(params, workspace, item)
    assert (workspace.plugins_dir / item).read_text() == "NUMBER = 1\n"
