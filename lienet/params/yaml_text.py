"""YAML as params are written in it: UTF-8, and each key once in its mapping."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

from lienet.errors import InputError, ParamsError


def read_yaml(path: Path) -> Any:
    """Read a YAML file as plain data.

    Raises:
        InputError: the file cannot be read.
        ParamsError: it is not UTF-8; else as :func:`parse_yaml`.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise InputError(f"cannot read {path}: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise ParamsError(
            f"{path.name} must be text in UTF-8",
            got=f"byte 0x{error.object[error.start]:02x} at position {error.start}",
            remedy="save it as UTF-8",
        ) from error
    return parse_yaml(text, name=path.name)


def parse_yaml(text: str, *, name: str) -> Any:
    """Return the plain data that YAML text holds; ``name`` stands for it in errors.

    Raises:
        ParamsError: it is not YAML, or a key stands twice in one mapping.
    """
    try:
        return yaml.load(text, Loader=_EachKeyOnce)
    except yaml.YAMLError as error:
        raise ParamsError(f"{name} is not valid YAML: {error}") from error


# libyaml's, an eighth of the time, where PyYAML was built with it: known only when it runs.
class _EachKeyOnce(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc]
    """PyYAML's safe loader, which by itself lets the last of two equal keys win in silence."""

    def get_single_node(self) -> yaml.Node | None:
        node: yaml.Node | None = super().get_single_node()
        _require_each_key_once(node, seen=set())
        return node


def _require_each_key_once(node: yaml.Node | None, *, seen: set[yaml.Node]) -> None:
    if not isinstance(node, yaml.CollectionNode) or node in seen:
        return
    seen.add(node)
    if isinstance(node, yaml.SequenceNode):
        children = node.value
    else:
        children = [value for _, value in node.value]
        lines: dict[str, int] = {}
        for key, _ in node.value:
            name, line = str(key.value), key.start_mark.line + 1
            if name in lines:
                raise yaml.YAMLError(f"{name} stands twice, in lines {lines[name]} and {line}")
            lines[name] = line
    for child in children:
        _require_each_key_once(child, seen=seen)
