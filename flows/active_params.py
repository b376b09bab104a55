"""The params of one run: a profile and overrides, checked as a whole, put to use, put back.

A run that chooses neither uses ``params.yaml`` as it is. Any other writes its own beside, renames
it over ``params.yaml``, and puts the former content back when it ends; if it is killed, the next
run does. Whoever edits ``params.yaml`` meanwhile keeps the edit.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import yaml

from lienet.errors import InputError, LienetError
from lienet.params import parse_params

DATA_VARIABLE = "LIENET_DATA_DIR"
"""The folder that ``{data}`` in a profile stands for, on the machine that runs the flow."""
_PLACEHOLDER = "{data}"
_NAME = re.compile(r"[a-z][a-z0-9_]*")
_KEY = re.compile(r"[A-Za-z_][\w-]*(\.[\w-]+)*")
_OF_THE_MACHINE = ("plugins", "storage", "cluster", "flows", "promote")
"""What runs code, sends work and data elsewhere, or says what this machine bears."""


def choose_params(root: Path, profile: str | None, overrides: Mapping[str, Any]) -> str | None:
    """Return the text of the params that a run asks for; None for ``params.yaml`` as it is.

    Args:
        root: the workspace.
        profile: the name of a file in ``profiles/``.
        overrides: values by dotted key, such as ``{"train.steps": 500}``.

    Raises:
        InputError: no such profile or key, a section of the machine's, a path out of the workspace.
        ParamsError: the params as a whole are not valid.
    """
    if profile is None and not overrides:
        return None
    tree = _read_tree(root / "params.yaml") if profile is None else _read_profile(root, profile)
    for key, value in overrides.items():
        _require_harmless(root, key, value)
        _set(tree, key, value)
    text = yaml.safe_dump(tree, sort_keys=False, allow_unicode=True)
    parse_params(text, name="the overrides", folder=root)
    return text


@contextmanager
def using_params(root: Path, text: str | None) -> Iterator[None]:
    """Let ``text`` be ``params.yaml`` for the body; None leaves it as it is.

    The caller holds the workspace.
    """
    restore_params(root)
    if text is None:
        yield
        return
    path, kept = root / "params.yaml", _kept_path(root)
    former = {"former": path.read_text(encoding="utf-8"), "written": _hash(text)}
    _replace(kept, json.dumps(former))
    _replace(path, text)
    try:
        yield
    finally:
        restore_params(root)


def restore_params(root: Path) -> bool:
    """Put back what a run replaced, if one did; return whether ``params.yaml`` changed by it."""
    path, kept = root / "params.yaml", _kept_path(root)
    if not kept.is_file():
        return False
    record = json.loads(kept.read_text(encoding="utf-8"))
    is_ours: bool = _hash(path.read_text(encoding="utf-8")) == record["written"]
    if is_ours:
        _replace(path, record["former"])
    kept.unlink()
    return is_ours


def _read_profile(root: Path, name: str) -> dict[str, Any]:
    folder = root / "profiles"
    known = sorted(path.stem for path in folder.glob("*.yaml"))
    if not _NAME.fullmatch(name) or name not in known:
        raise InputError(f"profile must be one of {', '.join(known)}", got=repr(name)[:80])
    tree = _read_tree(folder / f"{name}.yaml")
    if _PLACEHOLDER not in json.dumps(tree):
        return tree
    folder_name = os.environ.get(DATA_VARIABLE, "")
    if not folder_name or not Path(folder_name).is_dir():
        raise InputError(
            f"profile {name} needs the folder of its photographs",
            remedy=f"set {DATA_VARIABLE} for the worker to a folder that exists",
        )
    filled = _fill(tree, str(Path(folder_name).resolve()))
    assert isinstance(filled, dict)
    return filled


def _fill(tree: Any, folder: str) -> Any:
    match tree:
        case dict():
            return {key: _fill(value, folder) for key, value in tree.items()}
        case list():
            return [_fill(value, folder) for value in tree]
        case str() if tree.startswith(_PLACEHOLDER):
            return folder + tree.removeprefix(_PLACEHOLDER)
    return tree


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


def _read_tree(path: Path) -> dict[str, Any]:
    try:
        tree = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, yaml.YAMLError) as error:
        raise InputError(f"cannot read {path.name}: {error}") from error
    if not isinstance(tree, dict):
        raise LienetError(f"{path.name} must hold sections")
    return tree


def _kept_path(root: Path) -> Path:
    return root / "data" / "state" / "flows" / "params.kept.json"


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def _replace(path: Path, text: str) -> None:
    """Write beside, sync, rename over."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(
        "w",
        encoding="utf-8",
        dir=path.parent,
        prefix=f".{path.name}.",
        suffix=".part",
        delete=False,
    ) as stream:
        stream.write(text)
        stream.flush()
        os.fsync(stream.fileno())
    beside = Path(stream.name)
    beside.chmod(0o644)
    beside.replace(path)
