"""Stage plugins: a copy of each plugin file, by which DVC sees that the file has changed."""

from __future__ import annotations

from lienet.files import write_bytes
from lienet.params import Params
from lienet.workspace import Workspace


def list_items(params: Params) -> list[str]:
    """Return the plugin files."""
    return list(params.plugins)


def run(params: Params, workspace: Workspace, item: str) -> None:
    """Copy one plugin file, whose fingerprint the stage ``code`` then takes anew."""
    write_bytes(workspace.plugins_dir / item, (workspace.root / item).read_bytes())
