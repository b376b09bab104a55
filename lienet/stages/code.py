"""Stage code: the fingerprint of every other stage's code, on which that stage depends."""

from __future__ import annotations

import json
import logging
from dataclasses import asdict
from pathlib import Path

from lienet.files import replacing_folder, write_json
from lienet.fingerprint import Fingerprint, Fingerprints
from lienet.imports import read_source
from lienet.params import Params
from lienet.plugins import list_plugins
from lienet.versions import find_deviations
from lienet.workspace import Workspace

logger = logging.getLogger(__name__)
_ALL = "code"
_MAX_NAMED = 8


def list_items(params: Params) -> list[str]:
    """Return the item "code", all fingerprints, and the plugin files, of which each has a hash."""
    return [_ALL, *params.plugins]


def run(params: Params, workspace: Workspace, item: str) -> None:
    """Write ``data/code/<stage>.json`` for every stage, and say which have changed and why.

    Of a plugin file ``data/plugins/<file>.json`` is written, by which DVC sees that it changed.

    Raises:
        InputError: the folder cannot be written to.
    """
    if item != _ALL:
        source = read_source(workspace.root / item)
        write_json(workspace.plugin_hash_path(item), {"syntax_tree": source.digest})
        return
    fingerprints = Fingerprints(extra=list_plugins())
    versions: dict[str, str] = {}
    with replacing_folder(workspace.code_dir) as folder:
        for stage in fingerprints.list_stages():
            found = fingerprints.of_stage(stage)
            versions |= found.packages
            write_json(folder / f"{stage}.json", asdict(found))
            former = _read(workspace.code_dir / f"{stage}.json")
            if former is not None and (changes := found.changes_since(former)):
                more = f" and {len(changes) - _MAX_NAMED} more" if changes[_MAX_NAMED:] else ""
                logger.info("%s is stale: %s%s", stage, ", ".join(changes[:_MAX_NAMED]), more)
    for line in find_deviations(versions, workspace.root / "constraints.txt"):
        logger.warning("%s; run `make setup`, then `dvc repro --force code`", line)


def _read(path: Path) -> Fingerprint | None:
    """Return a fingerprint that was written before; None if there is none that can be read."""
    try:
        return Fingerprint(**json.loads(path.read_bytes()))
    except (OSError, ValueError, TypeError):
        return None
