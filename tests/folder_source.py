"""A source of kind ``folder`` as params name it."""

from __future__ import annotations

from typing import Any


def folder_source(**changes: Any) -> dict[str, Any]:
    """Return the params of a folder of CC0 photographs, drawn into splits by key."""
    chosen = {
        "kind": "folder",
        "permitted_use": None,
        "path": "photos",
        "manifest": None,
        "split": "auto",
        "licence": "CC0",
        "author": "nobody",
    }
    return chosen | changes
