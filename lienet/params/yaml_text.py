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


class _EachKeyOnce(yaml.SafeLoader):
    """PyYAML's safe loader, which by itself lets the last of two equal keys win in silence."""

    def compose_mapping_node(self, anchor: Any) -> yaml.MappingNode:
        node = super().compose_mapping_node(anchor)
        lines: dict[str, int] = {}
        for key, _ in node.value:
            name, line = str(key.value), key.start_mark.line + 1
            if name in lines:
                raise yaml.YAMLError(f"{name} stands twice, in lines {lines[name]} and {line}")
            lines[name] = line
        return node
