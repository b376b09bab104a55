"""Ready-made sets of params: listing them, and putting one to use as ``params.yaml``.

A profile is a params file in which ``{data}`` may stand for a folder of photographs that only
its user knows. Refuses a folder that lacks what the profile names, and to lose a person's edits.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeGuard

import yaml

from lienet.errors import InputError, ParamsError
from lienet.files import write_text
from lienet.params import parse_params
from lienet.workspace import Workspace

PLACEHOLDER = "{data}"


@dataclass(frozen=True)
class Profile:
    """One ready-made set: its name, its first comment line, and its text as stored."""

    name: str
    summary: str
    text: str

    @property
    def needs_data(self) -> bool:
        """Whether it names folders that its user has to give."""
        return PLACEHOLDER in self.text


def read_profiles(workspace: Workspace) -> list[Profile]:
    """Return every profile, by name."""
    return [
        Profile(path.stem, _summary_of(text), text)
        for path in sorted(workspace.profiles_dir.glob("*.yaml"))
        for text in [path.read_text(encoding="utf-8")]
    ]


def find_active(workspace: Workspace, profiles: list[Profile]) -> Profile | None:
    """Return the profile whose content ``params.yaml`` holds, or None if it was edited."""
    active = _read_tree(workspace.params_path)
    for profile in profiles:
        folders = _find_folders(active, yaml.safe_load(profile.text))
        if folders is not None and len(folders) <= 1:
            return profile
    return None


def use_profile(
    workspace: Workspace, name: str, *, data_dir: Path | None = None, is_forced: bool = False
) -> Path | None:
    """Copy a profile over ``params.yaml``.

    Args:
        workspace: the checkout.
        name: the profile's name, a file in ``profiles/``.
        data_dir: what ``{data}`` in the profile stands for; relative paths start here and now.
        is_forced: replace a ``params.yaml`` that is no profile's content.

    Returns:
        Where an edited ``params.yaml`` was kept, or None if nothing was lost.

    Raises:
        InputError: no such profile, folder or file; or edits would be lost.
        ParamsError: the profile is not a valid set of params.
    """
    profiles = read_profiles(workspace)
    chosen = next((profile for profile in profiles if profile.name == name), None)
    if chosen is None:
        names = ", ".join(profile.name for profile in profiles)
        raise InputError(f"the profiles are {names}", got=name)
    text = fill_profile(chosen, data_dir, root=workspace.root)
    kept: Path | None = None
    if _read_tree(workspace.params_path) == yaml.safe_load(text):
        return kept
    active = find_active(workspace, profiles)
    if active is None and not is_forced:
        raise InputError(
            "params.yaml holds choices that are in no profile",
            remedy="copy it elsewhere, or give --force, which keeps it as params.yaml.bak",
        )
    if active is None or _has_own_comments(workspace.params_path, active):
        kept = workspace.params_path.with_name("params.yaml.bak")
        write_text(kept, workspace.params_path.read_text(encoding="utf-8", errors="replace"))
    write_text(workspace.params_path, text)
    return kept


def _has_own_comments(params_path: Path, profile: Profile) -> bool:
    """Whether a params file with a profile's content says more than the profile in comments."""
    said = _list_comments(params_path.read_text(encoding="utf-8"))
    return not said <= _list_comments(profile.text)


def _list_comments(text: str) -> set[str]:
    """Return the comments of YAML; behind a quoted value none is seen, as "#" may be part of it."""
    parts = (line.partition("#") for line in text.splitlines())
    return {
        comment.strip()
        for before, _, comment in parts
        if comment and not {"'", '"'} & {*before} and before[-1:] in ("", " ")
    }


def fill_profile(profile: Profile, data_dir: Path | None, *, root: Path = Path()) -> str:
    """Return the profile's text with ``{data}`` replaced, comments kept, checked as params.

    ``root`` is the workspace, where the relative paths of its plugins start.
    """
    if not profile.needs_data:
        if data_dir is not None:
            raise InputError(f"profile {profile.name} takes no --data", got=data_dir)
        parse_params(profile.text, name=f"profiles/{profile.name}.yaml", folder=root)
        return profile.text
    if data_dir is None:
        raise InputError(
            f"profile {profile.name} needs the folder of its photographs", remedy="give --data DIR"
        )
    folder = data_dir.expanduser().resolve()
    if not folder.is_dir():
        raise InputError("--data must be a folder that exists", got=data_dir)
    template = yaml.safe_load(profile.text)
    for path in filter(_is_placed, _list_leaves(template).values()):
        if not Path(path.replace(PLACEHOLDER, str(folder))).exists():
            raise InputError(
                f"profile {profile.name} needs {path.replace(PLACEHOLDER, '--data DIR')}",
                got=f"--data {data_dir} without it",
                remedy=f"see profiles/{profile.name}.yaml for what belongs there",
            )
    # JSON's escapes are a subset of those of a double-quoted YAML string.
    escaped = json.dumps(str(folder), ensure_ascii=False)[1:-1]
    text = profile.text.replace(f'"{PLACEHOLDER}', f'"{escaped}')
    folders = _find_folders(yaml.safe_load(text), template)
    if folders is None or not folders <= {str(folder)}:
        raise ParamsError(
            f'profiles/{profile.name}.yaml must write its folders as "{PLACEHOLDER}/…", quoted'
        )
    parse_params(text, name=f"profiles/{profile.name}.yaml", folder=root)
    return text


def _summary_of(text: str) -> str:
    first = text.lstrip().splitlines()[0] if text.strip() else ""
    return first.lstrip("# ").rstrip() if first.startswith("#") else ""


def _read_tree(path: Path) -> Any:
    try:
        return yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, yaml.YAMLError):
        return None


def _list_leaves(tree: Any, place: tuple[object, ...] = ()) -> dict[tuple[object, ...], Any]:
    """Return the plain values of a tree, each by the keys that lead to it."""
    match tree:
        case dict() if tree:
            inner = list(tree.items())
        case list() if tree:
            inner = list(enumerate(tree))
        case _:
            return {place: tree}
    return {
        where: leaf
        for key, value in inner
        for where, leaf in _list_leaves(value, (*place, key)).items()
    }


def _is_placed(leaf: object) -> TypeGuard[str]:
    return isinstance(leaf, str) and leaf.startswith(PLACEHOLDER)


def _find_folders(active: Any, template: Any) -> set[str] | None:
    """Return what ``{data}`` stands for where ``active`` is ``template`` filled; None elsewhere."""
    filled, leaves = _list_leaves(active), _list_leaves(template)
    if filled.keys() != leaves.keys():
        return None
    folders: set[str] = set()
    for place, leaf in leaves.items():
        value, ending = filled[place], str(leaf).removeprefix(PLACEHOLDER)
        if _is_placed(leaf) and isinstance(value, str) and value.endswith(ending):
            folders.add(value.removesuffix(ending))
        elif type(value) is not type(leaf) or value != leaf:
            return None
    return folders
