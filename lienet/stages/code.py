"""Stage code: what the other stages depend on besides data: their code, and their params.

Of code a fingerprint for each stage, of params a file for each entry of ``dvc.yaml``, resolved.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from lienet.files import replacing_folder, write_json
from lienet.fingerprint import Fingerprint, Fingerprints
from lienet.imports import read_source
from lienet.params import Params
from lienet.params.resolved import flatten, list_changed, list_entries, resolve
from lienet.plugins import list_plugins
from lienet.versions import find_deviations
from lienet.workspace import Workspace

logger = logging.getLogger(__name__)
_ALL = "code"
_MAX_NAMED = 8


def list_items(params: Params) -> list[str]:
    """Return the item "code", of all stages, and the plugin files, of which each has a hash."""
    return [_ALL, *params.plugins]


def run(params: Params, workspace: Workspace, item: str) -> None:
    """Write ``data/code/<stage>.json`` for every stage and ``data/params/<stage>/<item>.json``.

    And say which have changed and why.

    Of a plugin file ``data/plugins/<file>.json`` is written, by which DVC sees that it changed.

    Raises:
        InputError: the folder cannot be written to.
    """
    if item != _ALL:
        source = read_source(workspace.root / item)
        write_json(workspace.plugin_hash_path(item), {"syntax_tree": source.digest})
        return
    _write_fingerprints(workspace)
    _write_resolved(params, workspace)


def _write_fingerprints(workspace: Workspace) -> None:
    fingerprints = Fingerprints(extra=list_plugins())
    versions: dict[str, str] = {}
    with replacing_folder(workspace.code_dir) as folder:
        for stage in fingerprints.list_stages():
            found = fingerprints.of_stage(stage)
            versions |= found.packages
            write_json(folder / f"{stage}.json", asdict(found))
            former = _read_fingerprint(workspace.code_dir / f"{stage}.json")
            if former is not None:
                _tell(stage, found.changes_since(former))
    for line in find_deviations(versions, workspace.root / "constraints.txt"):
        logger.warning("%s; run `make setup`, then `dvc repro --force code`", line)


def _write_resolved(params: Params, workspace: Workspace) -> None:
    with replacing_folder(workspace.resolved_dir) as folder:
        for stage, item in list_entries(params):
            resolved = resolve(params, stage, item)
            write_json(folder / stage / f"{item}.json", resolved)
            former = _read(workspace.resolved_path(stage, item))
            if isinstance(former, dict):
                keys = list_changed(former, resolved)
                changes = [_describe_change(former, resolved, key) for key in keys]
                _tell(f"{stage} {item}", changes)


def _describe_change(former: Mapping[str, Any], present: Mapping[str, Any], key: str) -> str:
    """Return a param with its values of before and now, those of the storage left out."""
    if key.startswith("storage."):
        return key
    old, new = (dict(flatten(values)).get(key, "none") for values in (former, present))
    return f"{key} {json.dumps(old)} -> {json.dumps(new)}"


def _tell(what: str, changes: list[str]) -> None:
    if changes:
        more = f" and {len(changes) - _MAX_NAMED} more" if changes[_MAX_NAMED:] else ""
        logger.info("%s is stale: %s%s", what, ", ".join(changes[:_MAX_NAMED]), more)


def _read_fingerprint(path: Path) -> Fingerprint | None:
    """Return a fingerprint that was written before; None if there is none that can be read."""
    try:
        return Fingerprint(**_read(path))
    except TypeError:
        return None


def _read(path: Path) -> Any:
    """Return what was written before; None if there is nothing that can be read."""
    try:
        return json.loads(path.read_bytes())
    except (OSError, ValueError):
        return None
