"""What a stage reads, and whether that changed while the stage ran.

DVC notes inputs when a stage has ended, and params as the stage ``code`` resolved them before. What
was edited in between would be noted beside outputs that were made without it, or the reverse, and
hold for up to date.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lienet.errors import InputError
from lienet.files import sha256_of_file
from lienet.fingerprint import PACKAGE_DIR, Fingerprint, Fingerprints
from lienet.params import load_params
from lienet.params.resolved import flatten, list_changed, resolve
from lienet.params.yaml_text import read_yaml
from lienet.plugins import list_plugins
from lienet.workspace import Workspace

_LISTS = ("manifest.parquet", "index.json")
"""Each holds the hashes of all that lies beside it, in a folder that a stage reads."""
_REFERENCE = re.compile(r"\$\{([\w.]+)\}")


@dataclass(frozen=True)
class StageInputs:
    """What one item of a stage reads."""

    params: dict[str, Any]
    """Plain values by dotted key."""
    files: dict[str, str]
    """SHA-256 of the files, and of the lists in the folders, by path from the workspace's root."""


def read_inputs(workspace: Workspace, stage: str, item: str) -> StageInputs:
    """Return what an item of a stage reads now; no files where dvc.yaml does not declare it.

    Raises:
        InputError: params.yaml or dvc.yaml cannot be read.
        ParamsError: one of them is not valid.
    """
    resolved = resolve(load_params(workspace.params_path), stage, item)
    files = {
        str(file.relative_to(workspace.root)): sha256_of_file(file)
        for dependency in _list_dependencies(workspace, stage, item)
        for file in _list_files(workspace.root / dependency)
    }
    return StageInputs(dict(flatten(resolved)), files)


def refuse_outdated_params(
    workspace: Workspace, inputs: StageInputs, stage: str, item: str
) -> None:
    """Refuse to run by DVC with other params than those that DVC will note.

    Raises:
        InputError: params.yaml has changed since the stage ``code`` resolved it.
    """
    path = workspace.resolved_path(stage, item)
    if not path.is_file():
        return
    if changed := list_changed(json.loads(path.read_bytes()), inputs.params):
        raise InputError(
            f"params.yaml has changed since the stage code resolved it for {stage} {item}",
            got=", ".join(changed),
            remedy="run dvc repro code first",
        )


def find_code_changes(workspace: Workspace, stage: str, since: float) -> list[str]:
    """Return the modules that decide a stage's bytes and are no longer as its fingerprint has them.

    Args:
        workspace: holds the fingerprint, of before the stage ran; without one nothing is known.
        stage: its name.
        since: seconds since the epoch; where no module was written to after it none is read.
    """
    path = workspace.code_dir / f"{stage}.json"
    if not path.is_file() or not any(
        module.stat().st_mtime >= since for module in PACKAGE_DIR.rglob("*.py")
    ):
        return []
    former = Fingerprint(**json.loads(path.read_bytes()))
    return Fingerprints(extra=list_plugins()).of_stage(stage).changes_since(former)


def refuse_changes(
    before: StageInputs, after: StageInputs, changed_code: list[str], stage: str
) -> None:
    """Refuse what a stage made if what it reads, or is made of, has changed since it began.

    Raises:
        InputError: it has.
    """
    kinds = ((before.params, after.params), (before.files, after.files))
    changed = [
        name
        for old, new in kinds
        for name in sorted(old.keys() | new.keys())
        if old.get(name) != new.get(name)
    ]
    changed += changed_code
    if changed:
        raise InputError(
            f"{stage} was made with what has changed while it ran",
            got=", ".join(changed),
            remedy="run it again, or put back what it began with first",
        )


def _list_dependencies(workspace: Workspace, stage: str, item: str) -> list[str]:
    path = workspace.root / "dvc.yaml"
    if not path.is_file():
        return []
    commands = (f"python -m lienet {stage} {item}", f"python -m lienet {stage}")
    items = _list_items(read_yaml(path)["stages"], read_yaml(workspace.params_path))
    return next((each.get("deps", []) for each in items if each["cmd"] in commands), [])


def _list_items(stages: dict[str, Any], params: Any) -> Iterator[dict[str, Any]]:
    """Yield each stage's declaration, one for each item, with references to params filled in."""
    for declared in stages.values():
        if "foreach" not in declared:
            yield declared
            continue
        (reference,) = _REFERENCE.findall(declared["foreach"])
        items = _look_up(params, reference) or {}
        pairs = items.items() if isinstance(items, dict) else ((each, each) for each in items)
        for key, item in pairs:
            yield _fill(declared["do"], {"key": key, "item": item})


def _fill(template: Any, names: dict[str, Any]) -> Any:
    text = json.dumps(template)
    return json.loads(_REFERENCE.sub(lambda found: str(_look_up(names, found[1])), text))


def _look_up(tree: Any, key: str) -> Any:
    """Return the value at a dotted key; None where there is none."""
    for part in key.split("."):
        tree = tree.get(part) if isinstance(tree, dict) else None
    return tree


def _list_files(path: Path) -> list[Path]:
    if path.is_file():
        return [path]
    return [
        file
        for name in _LISTS
        for pattern in (name, f"*/{name}", f"*/*/{name}")
        for file in sorted(path.glob(pattern))
    ]
