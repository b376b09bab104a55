"""The params of one run: a profile and overrides, checked as a whole, put to use, put back.

A run that chooses neither uses ``params.yaml`` as it is. Any other writes its own over it, and
puts the former content back when it ends; if it is killed, the next run does. Whoever edits
``params.yaml`` meanwhile keeps the edit.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import yaml

from lienet.errors import InputError
from lienet.files import sha256_of_json, write_json, write_text
from lienet.params import parse_params
from lienet.params.profiles import fill_profile, read_profiles
from lienet.workspace import Workspace

DATA_VARIABLE = "LIENET_DATA_DIR"
"""The folder that ``{data}`` in a profile stands for, on the machine that runs the flow."""
_KEY = re.compile(r"[A-Za-z_][\w-]*(\.[\w-]+)*")
_OF_THE_MACHINE = ("plugins", "storage", "cluster", "flows", "promote")
"""What runs code, sends work and data elsewhere, or says what this machine bears."""


def choose_params(
    workspace: Workspace, profile: str | None, overrides: Mapping[str, Any]
) -> str | None:
    """Return the text of the params that a run asks for; None for ``params.yaml`` as it is.

    Args:
        workspace: the clone.
        profile: the name of a file in ``profiles/``.
        overrides: values by dotted key, such as ``{"train.steps": 500}``.

    Raises:
        InputError: no such profile or key, a section of the machine's, a path out of the workspace.
        ParamsError: the params as a whole are not valid.
    """
    if profile is None and not overrides:
        return None
    if profile is None:
        text = workspace.params_path.read_text(encoding="utf-8")
    else:
        text = _read_profile(workspace, profile)
    tree = yaml.safe_load(text)
    for key, value in overrides.items():
        _require_harmless(workspace.root, key, value)
        _set(tree, key, value)
    text = yaml.safe_dump(tree, sort_keys=False, allow_unicode=True)
    parse_params(text, name="the overrides", folder=workspace.root)
    return text


@contextmanager
def using_params(workspace: Workspace, text: str | None) -> Iterator[None]:
    """Let ``text`` be ``params.yaml`` for the body; None leaves it as it is.

    The caller holds the workspace.
    """
    restore_params(workspace)
    if text is None:
        yield
        return
    former = workspace.params_path.read_text(encoding="utf-8")
    write_json(_kept_path(workspace), {"former": former, "written": sha256_of_json(text)})
    write_text(workspace.params_path, text)
    try:
        yield
    finally:
        restore_params(workspace)


def restore_params(workspace: Workspace) -> bool:
    """Put back what a run replaced, if one did; return whether ``params.yaml`` changed by it."""
    path, kept = workspace.params_path, _kept_path(workspace)
    if not kept.is_file():
        return False
    record = json.loads(kept.read_text(encoding="utf-8"))
    is_ours: bool = sha256_of_json(path.read_text(encoding="utf-8")) == record["written"]
    if is_ours:
        write_text(path, record["former"])
    kept.unlink()
    return is_ours


def _read_profile(workspace: Workspace, name: str) -> str:
    profiles = {profile.name: profile for profile in read_profiles(workspace)}
    if name not in profiles:
        raise InputError(f"profile must be one of {', '.join(profiles)}", got=repr(name)[:80])
    if not profiles[name].needs_data:
        return profiles[name].text
    folder = os.environ.get(DATA_VARIABLE)
    try:
        return fill_profile(profiles[name], Path(folder) if folder else None)
    except InputError as error:
        remedy = f"a flow takes {DATA_VARIABLE} as --data: set it for the worker"
        raise InputError(str(error), remedy=remedy) from error


def _set(tree: dict[str, Any], key: str, value: Any) -> None:
    *parents, last = key.split(".")
    inside: Any = tree
    for name in parents:
        inside = inside.get(name) if isinstance(inside, dict) else None
    if not isinstance(inside, dict) or last not in inside:
        raise InputError(f"overrides.{key} is no key of the params", remedy="see params.yaml")
    inside[last] = value


def _require_harmless(root: Path, key: str, value: Any) -> None:
    if not _KEY.fullmatch(key):
        raise InputError(
            "overrides must be named by dotted keys such as train.steps", got=repr(key)[:80]
        )
    if key.partition(".")[0] in _OF_THE_MACHINE:
        raise InputError(
            f"overrides.{key} is for the machine that runs the flow to say",
            remedy="edit its params.yaml",
        )
    for text in _iterate_texts(value):
        if "://" in text or text.startswith("~") or "\0" in text or not _is_inside(root, text):
            raise InputError(
                f"overrides.{key} may not lead out of the workspace",
                got=repr(text)[:80],
                remedy="name such places in params.yaml or a profile",
            )


def _iterate_texts(value: Any) -> Iterator[str]:
    match value:
        case str():
            yield value
        case dict():
            for inner_key, inner in value.items():
                yield str(inner_key)
                yield from _iterate_texts(inner)
        case list():
            for inner in value:
                yield from _iterate_texts(inner)


def _is_inside(root: Path, text: str) -> bool:
    try:
        return (root / text).resolve().is_relative_to(root.resolve())
    except (OSError, ValueError):
        return False


def _kept_path(workspace: Workspace) -> Path:
    return workspace.state_dir / "flows" / "params.kept.json"
